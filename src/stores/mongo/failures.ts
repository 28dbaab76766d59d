import { MongoError, MongoParseError, MongoServerError } from 'mongodb';
import { StoreUnavailable } from '../../ports/document-engine.ts';

const DUPLICATE_KEY = 11_000;
/** TypeMismatch (an increment of text), and the three ways a document is too large. */
const MISUSE: ReadonlyMap<unknown, string> = new Map([
  [14, 'a field that is not a number cannot be incremented'],
  [10_334, 'a document is too large'],
  [17_419, 'a document would become too large'],
  [17_420, 'a document would become too large'],
]);

const codeOf = (error: unknown): unknown => (typeof error === 'object' && error !== null && 'code' in error ? error.code : null);

export const isDuplicate = (error: unknown): boolean => error instanceof MongoServerError && error.code === DUPLICATE_KEY;

/** Whether a server said this, or we ourselves before anything was sent: then the way there is not what is broken. */
export const isAnswer = (error: unknown): boolean => error instanceof MongoServerError || error instanceof TypeError;

/** A mistake of the caller stays one; everything else is the storage's. */
export function failureOf(error: unknown): Error {
  if (error instanceof TypeError || error instanceof StoreUnavailable) return error;
  const misuse = error instanceof MongoServerError ? MISUSE.get(error.code) : undefined;
  if (misuse !== undefined) return new TypeError(misuse);
  // The driver's own refusal of what does not fit into a message.
  if (codeOf(error) === 'ERR_OUT_OF_RANGE') return new TypeError('a document is too large');
  return new StoreUnavailable(reasonOf(error));
}

/** What went wrong, without what the server said: its words quote ids and values, and either may be a secret. */
export function reasonOf(error: unknown): string {
  if (error instanceof MongoServerError) return `the server answered ${error.codeName ?? error.code ?? 'an error'}`;
  if (error instanceof MongoParseError && error.message.includes('://')) return 'the MongoDB URL cannot be read';
  if (error instanceof MongoError) return `${error.name}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

import type { ConnectionId } from '../../domain/ids.ts';
import type { Provisioning } from '../../domain/provisioned.ts';
import { ScimRefusal } from '../../domain/scim-refusal.ts';

/** An identity provider that has proven for which connection it speaks; nothing of another is there for it. */
export interface ScimCaller {
  readonly connectionId: ConnectionId;
  readonly provisioning: Provisioning;
  /** Where its resources are. */
  readonly base: string;
}

/** The same for what never was, is gone or is another connection's. */
export const notThere = (): ScimRefusal => new ScimRefusal(404, null, 'There is no such resource.');

export const isTaken = (): ScimRefusal =>
  new ScimRefusal(409, 'uniqueness', 'Another resource of that name or external id is there already.');

/** What a write came to; throws when it came to nothing. */
export function writtenOr<Outcome extends { readonly outcome: 'written' } | { readonly outcome: 'taken' | 'gone' }>(
  done: Outcome,
): Extract<Outcome, { readonly outcome: 'written' }> {
  if (done.outcome === 'written') return done as Extract<Outcome, { readonly outcome: 'written' }>;
  throw done.outcome === 'taken' ? isTaken() : notThere();
}

const atOnce = 16;

/** Does something for each, a few at a time. */
export async function forEach<Value>(values: readonly Value[], work: (value: Value) => Promise<void>): Promise<void> {
  for (let from = 0; from < values.length; from += atOnce) await Promise.all(values.slice(from, from + atOnce).map(work));
}

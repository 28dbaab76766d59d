import type { IncomingMessage } from 'node:http';
import { parseStrictJson } from '../domain/strict-json.ts';
import type { Exchange, Incoming } from './exchange.ts';

/** A request body that cannot be used; `status` is the HTTP status that says so. */
export class BodyRefused extends Error {
  override readonly name = 'BodyRefused';
  readonly status: 400 | 413 | 415;
  readonly reason: string;

  constructor(status: 400 | 413 | 415, reason: string) {
    super(reason);
    this.status = status;
    this.reason = reason;
  }
}

/** Parameters by name, each once; those that came more than once stand apart. An empty value counts as absent. RFC 6749 §3.2. */
export interface Parameters {
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly repeated: ReadonlySet<string>;
  /** Every value of a parameter, for those that may repeat in a form of ours. */
  all(name: string): readonly string[];
}

/** What a body comes in, with the answer that may have to end its connection. */
type Arriving = Pick<Exchange, 'req' | 'res'>;

const mostParameters = 100;

/** One name or value of a form. Percent-encoded bytes that are no text would be replaced in silence, and an answer could not repeat them. WHATWG URL §5.1. */
function decoded(encoded: string): string {
  if (!/[%+]/.test(encoded)) return encoded;
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' ').replaceAll(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    throw new BodyRefused(400, 'a parameter is not UTF-8');
  }
}

export function readParameters(text: string, most = mostParameters): Parameters {
  const pairs = text.split('&').filter((pair) => pair !== '');
  if (pairs.length > most) throw new BodyRefused(400, 'too many parameters');
  const values = Object.create(null) as Record<string, string>;
  const repeated = new Set<string>();
  const read = pairs.map((pair): readonly [string, string] => {
    const equals = pair.indexOf('=');
    return equals === -1 ? [decoded(pair), ''] : [decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1))];
  });
  const named = new Set<string>();
  for (const [name, value] of read) {
    if (named.has(name)) repeated.add(name);
    else if (value !== '') values[name] = value;
    named.add(name);
  }
  return { values, repeated, all: (name) => read.filter((pair) => pair[0] === name).map((pair) => pair[1]) };
}

/** The bytes of the body, at most `limit`; more ends the connection instead of being read. */
export async function readBytes({ req, res }: Arriving, limit: number): Promise<Buffer> {
  const { headers } = req;
  const tooLarge = () => {
    res.setHeader('Connection', 'close');
    return new BodyRefused(413, 'the body is too large');
  };
  if (Number(headers['content-length'] ?? '0') > limit) throw tooLarge();
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw new BodyRefused(415, 'the body is compressed');
  const bytes = await receivedBytes(req, limit);
  if (bytes === null) throw tooLarge();
  return bytes;
}

/** The whole body, or null as soon as it is larger than `limit`. Rejects when the client leaves before its end. */
export function receivedBytes(req: IncomingMessage, limit: number): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) return void chunks.push(chunk);
      req.pause();
      return resolve(null);
    });
    req.once('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size)));
    req.once('error', reject);
    req.once('close', () => {
      if (!req.complete) reject(new BodyRefused(400, 'the body broke off'));
    });
  });
}

/** Throws for bytes that are no text. Decoding a whole body leaves nothing behind in it. */
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(bytes: Buffer): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new BodyRefused(400, 'the body is not UTF-8');
  }
}

/** `application/json`, or null when the header is missing, repeated or says another character set. */
function mediaType({ req }: Incoming): string | null {
  const type = req.headers['content-type'] ?? '';
  const parts = /^([a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+)\s*(?:;\s*charset="?([a-z0-9_-]+)"?\s*)?$/i.exec(type);
  if (parts === null || !['utf-8', 'utf8', undefined].includes(parts[2]?.toLowerCase())) return null;
  return parts[1]?.toLowerCase() ?? null;
}

export function readJson(bytes: Buffer): unknown {
  try {
    return parseStrictJson(bytes);
  } catch {
    throw new BodyRefused(400, 'the body is not one well-formed JSON value');
  }
}

/** A JSON object whose members are strings, as parameters. Numbers and booleans are not guessed into strings. */
function fromJson(bytes: Buffer): Parameters {
  const body = readJson(bytes);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new BodyRefused(400, 'the body is not a JSON object');
  const values: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== 'string') throw new BodyRefused(400, 'a member of the body is not a string');
    if (value !== '') values[name] = value;
  }
  return { values, repeated: new Set(), all: (name) => (values[name] === undefined ? [] : [values[name]]) };
}

/** A form of ours or a token request: `application/x-www-form-urlencoded`, and JSON where `json` says so. */
export async function readForm(
  arriving: Arriving,
  { limit = 65_536, json = false, most = mostParameters }: { limit?: number; json?: boolean; most?: number } = {},
): Promise<Parameters> {
  const type = mediaType(arriving);
  if (type === 'application/x-www-form-urlencoded') return readParameters(utf8(await readBytes(arriving, limit)), most);
  if (json && type === 'application/json') return fromJson(await readBytes(arriving, limit));
  throw new BodyRefused(415, 'the content type is not one this endpoint reads');
}

export async function readJsonBody(arriving: Arriving, limit: number, types: readonly string[] = ['application/json']): Promise<unknown> {
  if (!types.includes(mediaType(arriving) ?? '')) throw new BodyRefused(415, 'the content type is not application/json');
  return readJson(await readBytes(arriving, limit));
}

import { connect } from 'node:net';
import { expect } from '@jest/globals';
import type { CollectionDeclaration } from '../../src/ports/document-engine.ts';
import { collections, grants, rateWindows, seenClients, transactions } from '../../src/stores/collections.ts';
import { Browser } from './browser.ts';
import type { System } from './system.ts';

/** An answer byte by byte, for what an HTTP client would tidy up. */
export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly text: string;
}

function readAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0), headers, body: rest.join('\r\n\r\n'), text };
}

/** Writes these bytes on a connection of their own and reads until it is closed. */
export function sendRaw(origin: string, bytes: string | Buffer, { within = 8000 } = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(origin).port) });
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => socket.destroy(new Error('no end of the answer')), within);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // Whoever refuses a long request may close before all of it is written.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(readAnswer(Buffer.concat(chunks).toString('latin1')));
    });
    socket.write(bytes);
  });
}

export interface RawRequest {
  readonly method?: string;
  /** Header lines; `Host` and `Connection` are added unless `host` is null. */
  readonly headers?: readonly string[];
  readonly host?: string | null;
  readonly body?: string;
}

/** One request with the target and the header lines exactly as given. */
export function raw(
  { issuer }: Pick<System, 'issuer'>,
  target: string,
  { method = 'GET', headers = [], host = new URL(issuer).host, body = '' }: RawRequest = {},
): Promise<RawAnswer> {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const lines = [`${method} ${target} HTTP/1.1`, ...(host === null ? [] : [`Host: ${host}`]), 'Connection: close', ...headers, ...length];
  return sendRaw(issuer, Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
}

/** How many documents a collection holds. */
export async function countOf({ engine }: Pick<System, 'engine'>, collection: CollectionDeclaration): Promise<number> {
  let [count, after] = [0, ''];
  for (let page = 0; page < 1000; page += 1) {
    const found = await engine.page(collection, { after, limit: 1000 });
    count += found.length;
    after = found.at(-1)?.id ?? after;
    if (found.length < 1000) return count;
  }
  throw new Error('more documents than a test should make');
}

/** How many documents each collection holds, except what limits count: that is written in the background, whatever the request was. */
export const rowsOf = async (system: Pick<System, 'engine'>): Promise<number[]> =>
  Promise.all(collections.filter((each) => each !== rateWindows).map((each) => countOf(system, each)));

/** Moves the clock on where the minute in which limits count would end during a test. */
export function withinOneMinute({ clock }: Pick<System, 'clock'>): void {
  const left = 60_000 - (clock.now() % 60_000);
  if (left < 25_000) clock.advance(left);
}

/** What a request leaves behind, counted. */
export async function effectsOf(system: System): Promise<{ transactions: number; grants: number; seenClients: number }> {
  return {
    transactions: await countOf(system, transactions),
    grants: await countOf(system, grants),
    seenClients: await countOf(system, seenClients),
  };
}

/** An answer to a browser that is not followed. */
export interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly headers: Headers;
  readonly body: string;
}

export async function ask(url: string | URL, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  return { status: response.status, location: response.headers.get('location'), headers: response.headers, body: await response.text() };
}

/** The request was accepted: one more transaction, and the browser is on its way to the first page. */
export async function expectBegun(system: System, url: string | URL): Promise<string> {
  const before = await countOf(system, transactions);
  const answer = await ask(url);
  expect({ status: answer.status, location: answer.location }).toEqual({
    status: 303,
    location: expect.stringMatching(/^\/authorize\/[A-Za-z0-9_-]{22}$/),
  });
  expect(await countOf(system, transactions)).toBe(before + 1);
  return answer.location ?? '';
}

/** Refused on a page of ours: no redirect, nothing written, no cross-origin reading. */
export async function expectPage(system: System, url: string | URL, kind: string, status = 400): Promise<Answer> {
  const before = await effectsOf(system);
  const answer = await ask(url);
  expect({ status: answer.status, location: answer.location, kind: kindOf(answer.body) }).toEqual({ status, location: null, kind });
  expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
  expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  expect(await effectsOf(system)).toEqual(before);
  return answer;
}

/** The machine-readable kind on a page that stops. */
export const kindOf = (body: string): string | null => /<dt>Kind<\/dt>\s*<dd>([a-z-]+)<\/dd>/.exec(body)?.[1] ?? null;

/** Refused to the client at its proven address: error, state and issuer, each once, and nothing written. */
export async function expectError(system: System, url: URL, error: string): Promise<URL> {
  const before = await effectsOf(system);
  const answer = await ask(url);
  expect(answer.status).toBe(303);
  const target = new URL(answer.location ?? '');
  const asked = url.searchParams.get('redirect_uri') ?? '';
  expect(answer.location).toMatch(new RegExp(`^${asked.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}[?&]`));
  expect(target.searchParams.getAll('error')).toEqual([error]);
  expect(target.searchParams.getAll('iss')).toEqual([system.issuer]);
  expect(target.searchParams.getAll('state')).toEqual(url.searchParams.getAll('state').slice(0, 1));
  expect(target.searchParams.has('code')).toBe(false);
  expect(await effectsOf(system)).toEqual(before);
  return target;
}

/** OAuth JSON as every client can read it: nothing null, no empty list, no empty text. */
export function expectTidy(value: unknown, path = '$'): void {
  if (value === null || value === '' || value === undefined) throw new Error(`${path} is ${JSON.stringify(value)}`);
  if (Array.isArray(value) && value.length === 0) throw new Error(`${path} is an empty list`);
  if (typeof value === 'object') for (const [name, member] of Object.entries(value)) expectTidy(member, `${path}.${name}`);
}

/** A person's browser that stops before any address but ours and the identity provider's. */
export const browserOf = ({ issuer, idp }: Pick<System, 'issuer' | 'idp'>): Browser =>
  new Browser({ portsShareCookies: true, stopAt: (url) => ![issuer, new URL(idp).origin].includes(url.origin) });

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { cacheDocuments } from '../../src/platform/document-cache.ts';
import { openDocumentFetcher } from '../../src/platform/document-fetcher.ts';
import type { FetchedDocument } from '../../src/ports/document-fetcher.ts';
import { openCanary } from '../support/hostile-idp.ts';

let server: Server;
let base: string;
let seen: IncomingMessage[];
let reply: (request: IncomingMessage, response: ServerResponse) => void;
const sockets = new Set<Socket>();
const good = (_request: unknown, response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' }).end('{"a":1}');

beforeEach(async () => {
  [seen, reply] = [[], good];
  server = createServer((request, response) => {
    seen.push(request);
    reply(request, response);
  });
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const answering =
  (status: number, headers: Record<string, string>, body: string | Buffer = '{"a":1}') =>
  (_request: unknown, response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);

const bomb = gzipSync(Buffer.alloc(20_000_000));

describe('a fetched document', () => {
  // Patient, so that a busy machine is not taken for a silent host; in haste only where the deadline is what is tested.
  const fetcher = openDocumentFetcher({ loopback: true });
  const hasty = openDocumentFetcher({ loopback: true, timeoutMs: 500 });
  const fetchIt = (by = fetcher) => by.fetchDocument(`${base}/c`);
  const fetched = { status: 'fetched', json: { a: 1 }, maxAgeSeconds: 300 };

  it('is asked for without credentials, compression or wishes other than JSON [A3.07]', async () => {
    expect(await fetchIt()).toEqual(fetched);
    expect(seen[0]?.method).toBe('GET');
    expect(seen[0]?.headers).toMatchObject({ accept: 'application/json', 'accept-encoding': 'identity' });
    expect(Object.keys(seen[0]?.headers ?? {})).not.toEqual(expect.arrayContaining([expect.stringMatching(/cookie|authorization/)]));
  });

  it.each(['application/json; charset=utf-8', 'application/client+json', 'Application/JSON', 'application/vnd.x-1.y+json;v=1'])(
    'may be %s [A3.07]',
    async (type) => {
      reply = answering(200, { 'content-type': type });
      expect(await fetchIt()).toMatchObject({ status: 'fetched' });
    },
  );

  it.each(['text/html', 'text/json', 'application/jsonp', 'application/javascript', ''])('may not be %p [A3.07]', async (type) => {
    reply = answering(200, { 'content-type': type });
    expect(await fetchIt()).toEqual({ status: 'refused', reason: 'not JSON by its content type' });
    reply = good;
    expect(await fetchIt()).toEqual(fetched);
  });

  it.each([201, 204, 206, 301, 302, 303, 304, 307, 308, 401, 404, 500, 503])(
    'comes with 200, not %i, and nothing else is asked for [A3.04] [W35]',
    async (status) => {
      const canary = await openCanary();
      try {
        const elsewhere = `http://127.0.0.1:${String(canary.port)}/`;
        reply = answering(status, { location: status === 308 ? `${base}/c` : elsewhere, refresh: `0;url=${elsewhere}` }, '');
        expect(await fetchIt()).toEqual({ status: 'refused', reason: `status ${String(status)}` });
        expect([seen.length, canary.connections()]).toEqual([1, 0]);
      } finally {
        await canary.close();
      }
    },
  );

  const json = (length: number) => JSON.stringify({ a: 'x'.repeat(length - 8) });
  it('has at most five kilobytes, counted as they come [A3.12] [W36]', async () => {
    reply = answering(200, {}, json(5 * 1024));
    expect(await fetchIt()).toMatchObject({ status: 'fetched' });
    for (const body of [json(5 * 1024 + 1), json(6 * 1024), json(1024 * 1024)]) {
      reply = answering(200, {}, body);
      expect((await fetchIt()).status).toBe('refused');
    }
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['endless', (response) => void setInterval(() => response.write('x'.repeat(1000)), 1).unref()],
    ['trickling', (response) => void setInterval(() => response.write(' '), 50).unref()],
    ['stopping after the headers', (response) => response.flushHeaders()],
  ])('%s is given up at the deadline [A3.12] [W36]', async (_what, go) => {
    reply = (_request, response) => go(response.writeHead(200, { 'content-type': 'application/json' }));
    const started = Date.now();
    expect((await fetchIt(hasty)).status).toBe('refused');
    expect(Date.now() - started).toBeLessThan(3500);
    reply = good;
    expect(await fetchIt()).toEqual(fetched);
  });

  it.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, gzip'])('compressed with %s is not unpacked [A3.12] [W36]', async (encoding) => {
    reply = answering(200, { 'content-encoding': encoding }, bomb);
    const before = process.memoryUsage().rss;
    expect(await fetchIt()).toEqual({ status: 'refused', reason: 'compressed although asked not to' });
    expect(process.memoryUsage().rss - before).toBeLessThan(15_000_000);
  });

  it('that lies about its length is refused [A3.12] [W36]', async () => {
    for (const length of [3, 4000]) {
      reply = (request) => {
        request.socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${String(length)}\r\n\r\n{"a":1}`);
      };
      expect((await fetchIt()).status).toBe('refused');
    }
  });

  it.each([
    ['a byte order mark', '\ufeff{"a":1}'],
    ['a repeated member', '{"a":1,"a":2}'],
    ['a hundred levels', `${'['.repeat(100)}${']'.repeat(100)}`],
    ['a prototype', '{"__proto__":{}}'],
    ['HTML', '<html></html>'],
    ['nothing', ''],
    ['two values', '{}{}'],
  ])('with %s is refused [W37] [W36]', async (_what, body) => {
    reply = answering(200, {}, body);
    expect(await fetchIt()).toEqual({ status: 'refused', reason: 'not one plain JSON value' });
  });

  it.each([
    ['max-age=86400', 86400],
    ['no-store, max-age=600', 0],
    ['private', 0],
    ['s-maxage=5, MAX-AGE="60"', 60],
    ['max-age=-1', 0],
    ['x-max-age=9', 0],
  ])('of %s may be kept for %i seconds', async (header, seconds) => {
    reply = answering(200, { 'cache-control': header });
    expect(await fetchIt()).toMatchObject({ maxAgeSeconds: seconds });
  });

  it('is one of few at a time, and one more does not wait [W40]', async () => {
    const waiting: ServerResponse[] = [];
    reply = (_request, response) => void waiting.push(response);
    const few = openDocumentFetcher({ loopback: true, mostAtOncePerHost: 2, timeoutMs: 2000 });
    const running = [few.fetchDocument(`${base}/1`), few.fetchDocument(`${base}/2`)];
    expect(await few.fetchDocument(`${base}/3`)).toEqual({ status: 'refused', reason: 'too many documents are being fetched' });
    for (let i = 0; i < 100 && waiting.length < 2; i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const response of waiting) good(null, response);
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual(['fetched', 'fetched']);
    reply = good;
    expect((await few.fetchDocument(`${base}/3`)).status).toBe('fetched');
  });

  it('does not come from this machine unless the broker is there itself, and no URL is worth an exception [W33] [A3.13]', async () => {
    const production = openDocumentFetcher({ loopback: false });
    for (const url of [`${base}/c`, base.replace('http:', 'https:'), 'file:///etc/passwd', 'nonsense', '']) {
      expect((await production.fetchDocument(url)).status).toBe('refused');
    }
    expect(seen).toHaveLength(0);
    expect((await fetchIt()).status).toBe('fetched');
  });
});

describe('the cache', () => {
  let now = 1_000_000;
  let asked: string[] = [];
  let answer: (url: string) => FetchedDocument;
  const document = (maxAgeSeconds: number, json: unknown = {}): FetchedDocument => ({ status: 'fetched', json, maxAgeSeconds });
  const open = (most = 500) =>
    cacheDocuments({ fetchDocument: async (url) => (asked.push(url), answer(url)) }, { clock: { now: () => now }, most });
  beforeEach(() => {
    [asked, answer] = [[], () => document(600)];
  });

  it.each([
    [600, 600],
    [0, 300],
    [31_536_000, 86_400],
  ])('keeps what may be kept for %i s for %i s [A3.15] [W39]', async (said, kept) => {
    answer = () => document(said);
    const cache = open();
    await cache.fetchDocument('https://a.example/c');
    now += kept * 1000 - 1;
    await cache.fetchDocument('https://a.example/c');
    expect(asked).toHaveLength(1);
    now += 1;
    answer = () => document(said, { changed: true });
    expect(await cache.fetchDocument('https://a.example/c')).toEqual(document(said, { changed: true }));
    expect(asked).toHaveLength(2);
  });

  it('keeps no failure, not even in place of what it replaced [A3.16] [W39]', async () => {
    const cache = open();
    answer = () => ({ status: 'refused', reason: 'status 500' });
    expect((await cache.fetchDocument('https://a.example/c')).status).toBe('refused');
    answer = () => document(600);
    expect((await cache.fetchDocument('https://a.example/c')).status).toBe('fetched');
    now += 600_000;
    answer = () => ({ status: 'refused', reason: 'status 404' });
    expect((await cache.fetchDocument('https://a.example/c')).status).toBe('refused');
    expect(asked).toHaveLength(3);
  });

  it('fetches once for all who ask at the same time [S5.05] [W39]', async () => {
    const cache = open();
    const all = await Promise.all(Array.from({ length: 50 }, () => cache.fetchDocument('https://a.example/c')));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set(['fetched']));
    expect(asked).toHaveLength(1);
    await cache.fetchDocument('https://a.example:8443/c');
    expect(asked).toHaveLength(2);
  });

  it('keeps a bounded number and lets go of what was used longest ago [W39]', async () => {
    const cache = open(2);
    for (const name of ['1', '2', '1', '3', '1', '2']) await cache.fetchDocument(`https://a.example/${name}`);
    expect(asked.map((url) => url.at(-1)).join('')).toBe('1232');
  });

  it('leaves a failing host alone for a minute, but not for a document it has given before [W40]', async () => {
    const cache = open();
    await cache.fetchDocument('https://a.example/known');
    now += 600_000;
    answer = (url) => (url.endsWith('/known') ? document(600) : { status: 'refused', reason: 'status 404' });
    const failing = [];
    for (let i = 0; i < 20; i += 1) failing.push((await cache.fetchDocument(`https://a.example/${String(i)}`)) as { reason: string });
    expect(asked).toHaveLength(6);
    expect(failing.at(-1)?.reason).toBe('failed too often in the last minute');
    expect((await cache.fetchDocument('https://a.example/known')).status).toBe('fetched');
    expect((await cache.fetchDocument('https://b.example/known')).status).toBe('fetched');
    now += 60_000;
    answer = () => document(600);
    expect((await cache.fetchDocument('https://a.example/0')).status).toBe('fetched');
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import type { SignedIn } from '../support/client.ts';
import { authorizeUrl, callTool, login, openBrowser, pkce, postForm, postJson, refresh, register, signIn } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { expectBegun, kindOf, raw, rowsOf } from '../support/wire.ts';

let trouble: Error | null = null;
/** An engine that can be made to fail, and that remembers every value it was asked about. */
const asked: unknown[] = [];
function watched(engine: DocumentEngine): DocumentEngine {
  const noting =
    <Given extends unknown[], Answer>(operation: (...given: Given) => Promise<Answer>) =>
    async (...given: Given): Promise<Answer> => {
      if (trouble !== null) throw trouble;
      asked.push(given.slice(1));
      return operation(...given);
    };
  return {
    insert: noting(engine.insert.bind(engine)),
    get: noting(engine.get.bind(engine)),
    find: noting(engine.find.bind(engine)),
    updateIf: noting(engine.updateIf.bind(engine)),
    delete: noting(engine.delete.bind(engine)),
    page: engine.page.bind(engine),
    sweep: engine.sweep.bind(engine),
    close: engine.close.bind(engine),
  };
}

let system: System;
let signedIn: SignedIn;
beforeAll(async () => {
  system = await startSystem({ wrapEngine: watched });
  signedIn = await login(system);
});
afterAll(() => system.close());

const rows = () => rowsOf(system);
const form = 'Content-Type: application/x-www-form-urlencoded';
const json = 'Content-Type: application/json';
const fieldsOf = () => ({
  grant_type: 'refresh_token',
  client_id: signedIn.client.client_id,
  refresh_token: signedIn.tokens.refresh_token,
});

const operators = [
  '{"$ne":null}',
  '{"$gt":""}',
  '{"$regex":"."}',
  '{"$where":"1"}',
  '{"_bsontype":"ObjectId"}',
  '[object Object]',
  'true',
  '1 OR 1=1',
  "' --",
  'aaaaaaaaaaaa',
];

describe('operators where a value belongs', () => {
  it('[W167] as parameters are text that matches nothing', async () => {
    const before = await rows();
    asked.length = 0;
    for (const value of operators) {
      for (const name of ['client_id', 'refresh_token', 'grant_type']) {
        const answer = await postForm(`${system.issuer}/token`, { ...fieldsOf(), [name]: value });
        expect([name, value, answer.status]).toEqual([name, value, 400]);
      }
      for (const name of ['client_id', 'redirect_uri']) {
        const answer = await fetch(authorizeUrl(system, signedIn.client, pkce(), { [name]: value }), { redirect: 'manual' });
        expect([name, value, answer.status]).toEqual([name, value, 400]);
      }
      const path = encodeURIComponent(value);
      for (const target of [`/authorize/${path}`, `/callback/${path}`, `/callback/demo?state=${path}&code=${path}`]) {
        const { status } = await raw(system, target, { headers: [`Cookie: drawbridge=${path}`] });
        expect([target, status >= 400 && status < 500]).toEqual([target, true]);
      }
      const { status } = await raw(system, '/mcp', { method: 'POST', headers: [json, `Authorization: Bearer ${value}`], body: '{}' });
      expect([value, status === 400 || status === 401]).toEqual([value, true]);
    }
    expect(await rows()).toEqual(before);
    // Nothing a stranger wrote was ever a question to the store, only digests and ids of our own.
    expect(JSON.stringify(asked)).not.toMatch(/\$ne|\$gt|\$regex|\$where|_bsontype|OR 1=1/);
    expect((await refresh(system, signedIn.client, signedIn.tokens.refresh_token)).status).toBe(200);
  });

  it('[W167] as names, members or lists are ignored or refused', async () => {
    const before = await rows();
    for (const name of ['client_id[$ne]', 'client_id[]', 'client_id.$ne', 'client_id[0]', '$where']) {
      const { client_id: _, ...rest } = fieldsOf();
      const answer = await postForm(`${system.issuer}/token`, { ...rest, [name]: signedIn.client.client_id });
      expect([name, await answer.json()]).toEqual([name, expect.objectContaining({ error: 'invalid_client' })]);
    }
    for (const value of [{ $ne: null }, { $gt: '' }, [signedIn.client.client_id], { $oid: 'a' }, 1, true, null])
      for (const [path, error] of [
        ['/token', 'invalid_request'],
        ['/revoke', 'invalid_request'],
      ] as const) {
        const answer = await postJson(`${system.issuer}${path}`, { ...fieldsOf(), token: 'x', client_id: value });
        expect([path, value, answer.status, await answer.json()]).toEqual([path, value, 400, expect.objectContaining({ error })]);
      }
    for (const redirect_uris of [{ $ne: null }, [{ $ne: null }], [['https://a.test/']]]) {
      const answer = await postJson(`${system.issuer}/register`, { redirect_uris });
      expect(await answer.json()).toMatchObject({ error: 'invalid_redirect_uri' });
    }
    expect(await rows()).toEqual(before);
  });

  it('[W168] as prototypes change nothing for anybody', async () => {
    const good = '"redirect_uris":["https://a.test/cb"]';
    for (const [path, body] of [
      ['/register', `{${good},"__proto__":{"polluted":1}}`],
      ['/register', `{${good},"a":{"b":[{"__proto__":{"polluted":1}}]}}`],
      ['/register', `{${good},"\\u005f_proto__":{"polluted":1}}`],
      ['/token', '{"__proto__":"polluted","grant_type":"refresh_token"}'],
    ] as const)
      expect([body, (await raw(system, path, { method: 'POST', headers: [json], body })).status]).toEqual([body, 400]);
    const harmless = await raw(system, '/register', {
      method: 'POST',
      headers: [json],
      body: `{${good},"constructor":{"prototype":{"polluted":1}},"toString":"x","hasOwnProperty":1}`,
    });
    expect(harmless.status).toBe(201);
    for (const names of ['__proto__=1&__proto__[polluted]=1', 'constructor=1', 'toString=1&hasOwnProperty=1']) {
      const url = authorizeUrl(system, signedIn.client, pkce());
      await expectBegun(system, `${url.href}&${names}`);
      expect((await raw(system, '/token', { method: 'POST', headers: [form], body: `${names}&grant_type=x` })).status).toBe(400);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(await (await fetch(`${system.issuer}/healthz`)).json()).toEqual({ status: 'ok' });
  });
});

describe('what would split an answer', () => {
  it('[W175] adds no header anywhere, and is never a fault of ours', async () => {
    const url = (changes: Record<string, string>) =>
      authorizeUrl(system, signedIn.client, pkce(), changes).href.slice(system.issuer.length);
    const namesOf = (answer: Awaited<ReturnType<typeof raw>>) =>
      answer.headers.map(([name]) => name).filter((name) => name !== 'content-length');
    const calm = namesOf(await raw(system, url({ response_type: 'x' })));
    for (const value of [
      'x\r\nSet-Cookie: evil=1',
      'x\nLocation: https://evil.test',
      'x\rSet-Cookie: evil=1',
      'x\u010d\u010aSet-Cookie: evil=1',
      'x\0y',
      '\u2028',
    ])
      for (const name of ['state', 'client_id', 'redirect_uri', 'scope', 'resource', 'login_hint', 'response_type', 'prompt', 'max_age']) {
        const answer = await raw(system, url({ response_type: 'x', [name]: value }));
        expect([name, answer.status === 303 || answer.status === 400]).toEqual([name, true]);
        const head = answer.text.split('\r\n\r\n')[0] ?? '';
        expect(head).not.toMatch(/^(set-cookie: evil|location: https:\/\/evil)/im);
        if (answer.status === 303) expect(namesOf(answer)).toEqual(calm);
      }
    for (const target of [
      '/callback/demo%0d%0aSet-Cookie:evil=1?state=x',
      '/authorize/x%0d%0aSet-Cookie:evil=1',
      '/.well-known/%0d%0aSet-Cookie:evil=1',
      '/mcp%0d%0aX:1',
    ]) {
      const { status, text } = await raw(system, target);
      expect([target, status >= 400 && status < 500]).toEqual([target, true]);
      expect(text).not.toMatch(/^set-cookie: ?evil/im);
    }
    const basic = Buffer.from('a\r\nX: 1:b').toString('base64');
    const { status, text } = await raw(system, '/token', {
      method: 'POST',
      headers: [form, `Authorization: Basic ${basic}`],
      body: 'grant_type=refresh_token&refresh_token=x',
    });
    expect([status, /^x: 1/im.test(text)]).toEqual([401, false]);
  });
});

describe('when something is wrong', () => {
  const telling = /\bat .*\.(js|ts):|node_modules|\/src\/|Error:|sqlite|SQLITE|ENOENT|x-powered-by|^server:/im;

  it('[W176] odd requests get plain refusals that tell nothing about us', async () => {
    for (const [method, target] of [
      ['GET', '/authorize/%ff'],
      ['GET', '/callback/%ff'],
      ['GET', '/%'],
      ['GET', '/%c0%ae%c0%ae/etc/passwd'],
      ['GET', '/authorize?%ff=%ff&client_id=%'],
      ['GET', '/../../etc/passwd'],
      ['PROPFIND', '/token'],
      ['DELETE', '/register'],
      ['TRACE', '/token'],
      ['PUT', '/authorize'],
      ['GET', '/token'],
      ['POST', '/jwks'],
      ['POST', '/login/demo'],
      ['POST', '/login/%ff'],
      ['POST', '/authorize/x/consent'],
    ] as const) {
      const answer = await raw(system, target, { method });
      expect([method, target, answer.status >= 400 && answer.status < 500, answer.status]).toEqual([method, target, true, answer.status]);
      expect(answer.text).not.toMatch(telling);
    }
    expect((await raw(system, '/healthz', { method: 'BREW' })).status).toBe(400);
  });

  it('[W176] a store that does not answer is 503, and a fault 500, with a reference and without a word of why', async () => {
    const url = authorizeUrl(system, signedIn.client, pkce()).href.slice(system.issuer.length);
    const tokens = new URLSearchParams(fieldsOf()).toString();
    try {
      for (const [error, status, json_error] of [
        [new StoreUnavailable('SQLITE_BUSY: /var/lib/secret/store.db'), 503, 'temporarily_unavailable'],
        [new TypeError('Cannot read properties of undefined at /srv/src/x.ts:1'), 500, 'server_error'],
      ] as const) {
        trouble = error;
        system.lines.length = 0;
        const page = await raw(system, url);
        expect([page.status, page.text.includes('Location')]).toEqual([status, false]);
        const [reference = 'none'] = /DB-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(page.body) ?? [];
        expect(system.lines.join('')).toContain(reference);
        const answer = await raw(system, '/token', { method: 'POST', headers: [form], body: tokens });
        expect([answer.status, JSON.parse(answer.body)]).toEqual([status, expect.objectContaining({ error: json_error })]);
        const called = await callTool(system, signedIn.tokens.access_token, 'whoami');
        expect(called.status).toBeGreaterThanOrEqual(500);
        for (const text of [page.text, answer.text, await called.text()]) {
          expect(text).not.toMatch(telling);
          expect(text).not.toMatch(/secret|Cannot read|srv/);
        }
      }
    } finally {
      trouble = null;
    }
    expect((await raw(system, url)).status).toBe(303);
  });
});

describe('what a stranger can find out', () => {
  it('[W181] a tenant one is not in looks like one there is not, and so does a sign-in', async () => {
    const answers: unknown[] = [];
    for (const tenant of ['initech', 'no-such-tenant', 'ACME', '']) {
      const browser = openBrowser();
      await browser.get(authorizeUrl(system, signedIn.client, pkce()));
      await signIn(browser, 'alice');
      const chooser = browser.form('/tenant');
      const page = await browser.post(chooser.action, new URLSearchParams({ csrf: chooser.fields.get('csrf') ?? '', tenant }), {
        Origin: system.issuer,
      });
      answers.push([page.status, kindOf(page.body)]);
    }
    expect(answers.slice(0, 3)).toEqual([answers[0], answers[0], answers[0]]);
    expect(answers[0]).toEqual([403, 'no-access']);
  });

  it('[W181] a token that was never issued is revoked as quietly as one that was', async () => {
    const { client, tokens } = await login(system, { client: await register(system) });
    const answers = [];
    for (const token of ['db_rt_made-up', tokens.access_token, tokens.refresh_token, signedIn.tokens.refresh_token]) {
      const answer = await postForm(`${system.issuer}/revoke`, { client_id: client.client_id, token });
      answers.push([answer.status, await answer.text()]);
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });
});

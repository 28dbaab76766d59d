import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256 } from '../../src/domain/digest.ts';
import { ASSERTION_HEADER } from '../../src/domain/upstream-assertion.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { collections, grants, transactions } from '../../src/stores/collections.ts';
import type { Browser } from '../support/browser.ts';
import { enterCode, postForm, postJson, redeem, refresh, register, signIn } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import { headerValues, openRecorder } from '../support/recorder-mcp.ts';
import type { RecorderMcp } from '../support/recorder-mcp.ts';
import { answerOf, begin, startWithTwoIdps } from '../support/two-idps.ts';
import type { Begun, TwoIdps } from '../support/two-idps.ts';
import { oidcConnection } from '../support/connections.ts';

/** Everything that must stay between those it was made for, and where it came from. */
const secrets = new Map<string, string>();
const keep = (what: string, ...values: (string | null | undefined)[]): void => {
  for (const value of values) {
    if (typeof value !== 'string' || value.length < 6) continue;
    secrets.set(value, what);
    // A token without its first part is as good as whole to whoever finds it.
    const parts = value.split('.');
    if (parts.length > 1) for (const part of parts.slice(1)) if (part.length > 20) secrets.set(part, `${what}, part of it`);
  }
};
const keepCookies = (browser: Browser, { issuer }: TwoIdps): void => keep('cookie', ...browser.cookies(issuer).values());
const keepForms = (browser: Browser): void => keep('csrf', ...browser.page.forms.map(({ fields }) => fields.get('csrf')));

let breakNext = false;
const breaking = (engine: DocumentEngine): DocumentEngine => ({
  insert: (collection, document) => {
    if (!breakNext || collection.name !== grants.name) return engine.insert(collection, document);
    breakNext = false;
    return Promise.reject(new Error(`cannot write ${JSON.stringify(document)} CNRYdriver`));
  },
  get: (...given) => engine.get(...given),
  find: (...given) => engine.find(...given),
  updateIf: (...given) => engine.updateIf(...given),
  delete: (...given) => engine.delete(...given),
  page: (...given) => engine.page(...given),
  sweep: (...given) => engine.sweep(...given),
  close: () => engine.close(),
});

let system: TwoIdps;
let recorder: RecorderMcp;
const written: string[] = [];
beforeAll(async () => {
  recorder = await openRecorder();
  system = await startWithTwoIdps({
    wrapEngine: breaking,
    configure: (config) => ({
      ...config,
      log: { level: 'debug' },
      resources: config.resources.map((resource) => ({ ...resource, upstream: recorder.url })),
    }),
  });
  await everything();
}, 30_000);
afterAll(async () => {
  await system.close();
  await recorder.close();
});

const codeFrom = (begun: Begun): string => begun.browser.location?.searchParams.get('code') ?? '';

async function approved(begun: Begun): Promise<string> {
  keepCookies(begun.browser, system);
  keepForms(begun.browser);
  await begun.browser.submit({ scope: ['read', 'write'] }, { form: '/consent', press: 'Approve' });
  keep('code', codeFrom(begun));
  return codeFrom(begun);
}

/** A sign-in at the scripted identity provider with all that passes between it and us kept. */
async function alphaLogin(begun: Begun): Promise<void> {
  system.alpha.script = {
    tokenResponse: (body) => {
      keep('upstream token', String(body['access_token']), String(body['id_token']), 'CNRYupstreamrefresh');
      return { ...body, refresh_token: 'CNRYupstreamrefresh' };
    },
  };
  keepForms(begun.browser);
  const answer = await answerOf(begun);
  keep('upstream answer', answer.searchParams.get('code'), answer.searchParams.get('state'));
  await begun.browser.get(answer);
  const asked = system.alpha.requests.findLast(({ path }) => path === '/authorize')?.query;
  keep('upstream request', asked?.get('nonce'), asked?.get('state'));
  const exchange = system.alpha.requests.findLast(({ path }) => path === '/token');
  keep('upstream exchange', new URLSearchParams(exchange?.body).get('code_verifier'), exchange?.headers.authorization?.slice(6));
}

async function call(token: string, name: string): Promise<number> {
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: { note: 'CNRYargument' } } };
  const headers = { Authorization: `Bearer ${token}`, Accept: 'application/json, text/event-stream', 'MCP-Protocol-Version': '2025-11-25' };
  const { status } = await postJson(system.mcp, body, headers);
  for (const request of recorder.requests) for (const value of headerValues(request, ASSERTION_HEADER)) keep('assertion', value);
  return status;
}

async function happyPaths(): Promise<void> {
  keep('tool argument', 'CNRYargument');
  keep('our secret upstream', system.alpha.client_secret);
  keep('master key', system.masterKey.reveal());
  const demo = oidcConnection(system.config).client_secret;
  keep('our secret at the demonstration', demo?.reveal());
  const registered = await register(system, { token_endpoint_auth_method: 'client_secret_post' });
  const confidential = { ...registered, client_secret: String(registered['client_secret']) };
  keep('client secret', confidential.client_secret);

  const begun = await begin(system, { client: confidential, beforeCallback: true, changes: { state: 'CNRYclientstate' } });
  keep('verifier', begun.pkce.code_verifier);
  await alphaLogin(begun);
  const fields = { client_id: confidential.client_id, client_secret: confidential.client_secret };
  const code = await approved(begun);
  const exchange = { ...fields, code, code_verifier: begun.pkce.code_verifier, redirect_uri: confidential.redirect_uri };
  const first = (await (await redeem(system, exchange)).json()) as Tokens;
  keep('token', first.access_token, first.refresh_token);
  expect([await call(first.access_token, 'whoami'), await call(first.access_token, 'delete_notes')]).toEqual([200, 200]);
  const second = (await (
    await refresh(system, confidential, first.refresh_token, { client_secret: confidential.client_secret })
  ).json()) as Tokens;
  keep('token', second.access_token, second.refresh_token);
  // The same code and, much later, the same refresh token again: both are theft.
  await redeem(system, exchange);
  system.clock.advance(10 * 60_000);
  await refresh(system, confidential, first.refresh_token, { client_secret: confidential.client_secret });
  await postForm(`${system.issuer}/revoke`, { ...fields, token: second.refresh_token });

  const demoLogin = await begin(system, {});
  keep('verifier', demoLogin.pkce.code_verifier);
  await signIn(demoLogin.browser, 'bob');
  await enterCode(demoLogin.browser);
  await demoLogin.browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
  keepCookies(demoLogin.browser, system);
  keep('code', codeFrom(demoLogin));
}

async function failures(): Promise<void> {
  const client = await register(system);
  const { client_id, redirect_uri } = client;
  const wrongs = [
    'CNRYwrongcode',
    'CNRYwrongverifier',
    'CNRYwrongrefresh',
    'CNRYwrongsecret',
    'CNRYbearer',
    'CNRYquery',
    'CNRYbody',
    'CNRYcallback',
  ];
  keep('a wrong one', ...wrongs, 'CNRYdescription', 'CNRYdriver', 'CNRYnonce');
  await redeem(system, { client_id, redirect_uri, code: 'CNRYwrongcode', code_verifier: 'CNRYwrongverifier'.padEnd(43, 'x') });
  await redeem(system, { client_id, code: `db_ac_${'A'.repeat(22)}.${'CNRYwrongcode'.padEnd(43, 'x')}`, code_verifier: 'x'.repeat(43) });
  await refresh(system, client, 'CNRYwrongrefresh');
  await postForm(`${system.issuer}/revoke`, { client_id, token: 'CNRYwrongrefresh' });
  const basic = Buffer.from('someone:CNRYwrongsecret').toString('base64');
  keep('basic', basic);
  await postForm(`${system.issuer}/token`, { grant_type: 'refresh_token', refresh_token: 'x' }, { Authorization: `Basic ${basic}` });
  await call('CNRYbearer', 'whoami');
  await fetch(`${system.mcp}?access_token=CNRYquery`, { method: 'POST', body: '{"CNRYbody":' });
  await postJson(`${system.issuer}/token`, { grant_type: 'refresh_token', refresh_token: { CNRYbody: 1 } });
  await fetch(`${system.issuer}/token`, { method: 'POST', body: 'CNRYbody', headers: { 'Content-Type': 'CNRYbody/x' } });

  for (const spoil of ['state', 'error', 'nonce', 'token'] as const) {
    const begun = await begin(system, { beforeCallback: true });
    if (spoil === 'nonce') system.alpha.script = { claims: (honest) => ({ ...honest, nonce: 'CNRYnonce' }) };
    else if (spoil === 'token') {
      const refuse = JSON.stringify({ error: 'invalid_grant', error_description: 'CNRYdescription' });
      system.alpha.script = {
        raw: { '/token': (_, response) => void response.writeHead(400, { 'content-type': 'application/json' }).end(refuse) },
      };
    } else system.alpha.script = {};
    const answer = await answerOf(begun);
    keep('upstream answer', answer.searchParams.get('code'), answer.searchParams.get('state'));
    if (spoil === 'state') answer.searchParams.set('state', `${begun.id}.CNRYcallback`);
    if (spoil === 'error')
      answer.search = `?error=CNRYcallback&error_description=CNRYdescription&state=${answer.searchParams.get('state') ?? ''}&iss=${system.alpha.issuer}`;
    await begun.browser.get(answer);
    keepCookies(begun.browser, system);
  }

  const fault = await begin(system, { beforeCallback: true });
  await alphaLogin(fault);
  keepCookies(fault.browser, system);
  breakNext = true;
  const page = await fault.browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
  expect(page.status).toBe(500);
  expect(page.body).not.toContain('CNRY');
}

async function everything(): Promise<void> {
  const taken = process.stderr.write.bind(process.stderr);
  const told = process.stdout.write.bind(process.stdout);
  const noting = (chunk: unknown): boolean => {
    written.push(String(chunk));
    return true;
  };
  process.stderr.write = noting as typeof process.stderr.write;
  process.stdout.write = noting as typeof process.stdout.write;
  try {
    await happyPaths();
    await failures();
  } finally {
    process.stderr.write = taken;
    process.stdout.write = told;
  }
}

/** As it stands, and as it would stand in a URL or in base64. */
const found = (text: string): string[] =>
  [...secrets].flatMap(([secret, what]) => {
    const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64url').slice(0, -2)];
    return forms.some((form) => text.includes(form)) ? [`${what}: ${secret.slice(0, 12)}…`] : [];
  });

async function everyRow(): Promise<[string, string][]> {
  const rows = await Promise.all(
    collections.map(async (collection) =>
      (await system.engine.page(collection, { limit: 1000 })).map((row) => [collection.name, JSON.stringify(row)]),
    ),
  );
  return rows.flat() as [string, string][];
}

describe('after a run with every kind of secret in it', () => {
  it('there was something to find: each kind was collected, and the search finds what stands in a text', () => {
    const kinds = new Set([...secrets.values()].map((what) => what.split(',')[0]));
    for (const kind of [
      'verifier',
      'code',
      'token',
      'cookie',
      'csrf',
      'client secret',
      'assertion',
      'upstream token',
      'upstream request',
      'upstream exchange',
      'master key',
    ])
      expect([kind, kinds.has(kind)]).toEqual([kind, true]);
    expect(secrets.size).toBeGreaterThan(60);
    for (const [secret] of secrets) expect(found(`log line {"reason":"${secret}"}`).length).toBeGreaterThan(0);
  });

  it('none of it is in the log, at debug level, failures and faults included [W172] [S8.04] [G4.05]', () => {
    const events = new Set(system.lines.map((line) => (JSON.parse(line) as { event: string }).event));
    for (const event of ['request', 'token.refused', 'page.refused', 'login.untrustworthy', 'login.cancelled', 'fault'])
      expect([event, events.has(event)]).toEqual([event, true]);
    expect(found(system.lines.join(''))).toEqual([]);
    expect(found(written.join(''))).toEqual([]);
    expect(system.lines.join('')).not.toContain('CNRY');
  });

  it('none of it is in the store; what must be kept is sealed or a digest [W172] [W101] [S8.01]', async () => {
    const rows = await everyRow();
    expect(rows.length).toBeGreaterThan(30);
    expect(rows.flatMap(([name, row]) => found(row).map((hit) => `${name}: ${hit}`))).toEqual([]);
    // The client's own state is kept as it came, since it is to be given back; nothing else of the kind is.
    const canaries = rows.filter(([, row]) => row.replaceAll('"state":"CNRYclientstate"', '').includes('CNRY'));
    expect(canaries).toEqual([]);
    const cookies = [...secrets].filter(([, what]) => what === 'cookie').map(([value]) => sha256(value));
    const bound = new Set((await system.engine.page(transactions, { limit: 1000 })).map((row) => row['browser']));
    expect(cookies.some((digest) => bound.has(digest))).toBe(true);
    expect(rows.filter(([name]) => name === 'signing_keys').join()).not.toMatch(/"d"\s*:|PRIVATE/);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditEvent } from '../../src/domain/audit-event.ts';
import { Secret } from '../../src/domain/secret.ts';
import { readAuditChains } from '../../src/stores/audit-log.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import {
  authorizeUrl,
  callTool,
  claimsOf,
  consent,
  login,
  loopbackAddress,
  openBrowser,
  pkce,
  postForm,
  postJson,
  redeem,
  refresh,
  register,
} from '../support/client.ts';
import { hookEngine } from '../support/slow-engine.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { raw } from '../support/wire.ts';

const client_secret = nodeEntropy.secret();
let system: System;
let down = false;

beforeAll(async () => {
  const reports = {
    client_id: 'reports',
    client_name: 'Reports',
    redirect_uris: [loopbackAddress],
    token_endpoint_auth_method: 'client_secret_post' as const,
    client_secret: new Secret<'client_secret'>(client_secret),
  };
  system = await startSystem({
    configure: (config) => ({ ...config, clients: [reports], limits: { ...config.limits, tokenFailuresPerMinute: 1_000_000 } }),
    wrapEngine: (engine) =>
      hookEngine(engine, () => {
        if (down) throw new StoreUnavailable('down for a test');
      }),
  });
});
afterAll(() => system.close());

const revoke = (fields: Record<string, string>) => postForm(`${system.issuer}/revoke`, fields);
const works = async (tokens: Pick<Tokens, 'access_token'>) => (await callTool(system, tokens.access_token, 'whoami')).status;
const refreshes = async ({ client, tokens }: SignedIn) => (await refresh(system, client, tokens.refresh_token)).status;
const mine = ({ client }: SignedIn) => ({ client_id: client.client_id });

async function eventsOf({ tokens }: SignedIn): Promise<string[]> {
  const events: AuditEvent[] = [];
  for await (const chain of readAuditChains(system.engine)) events.push(...chain.map((record) => record.event));
  return events
    .filter((event) => event.grantId === claimsOf(tokens.access_token)['grant_id'])
    .map(({ event, rule }) => `${event}: ${rule}`);
}

describe('revoking', () => {
  it.each<[string, (tokens: Tokens) => Record<string, string>]>([
    ['the refresh token', ({ refresh_token }) => ({ token: refresh_token })],
    ['the access token', ({ access_token }) => ({ token: access_token })],
    ['the refresh token with its hint', ({ refresh_token }) => ({ token: refresh_token, token_type_hint: 'refresh_token' })],
    ['the refresh token with the other’s hint', ({ refresh_token }) => ({ token: refresh_token, token_type_hint: 'access_token' })],
    ['the access token with the other’s hint', ({ access_token }) => ({ token: access_token, token_type_hint: 'refresh_token' })],
    ['a token with a hint nobody knows', ({ refresh_token }) => ({ token: refresh_token, token_type_hint: 'pat' })],
  ])('%s ends both, here and at the gateway, at once [A12.01] [A12.02] [A12.04] [AB-15] [AM-15] [AM-23] [UP-17]', async (_, fields) => {
    const who = await login(system);
    expect(await works(who.tokens)).toBe(200);
    const response = await revoke({ ...fields(who.tokens), ...mine(who) });
    expect([response.status, await response.json()]).toEqual([200, {}]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await works(who.tokens)).toBe(401);
    expect(await refreshes(who)).toBe(400);
    expect((await eventsOf(who)).at(-1)).toBe('grant.ended: the client revoked it');
  });

  it('an older token of the family ends it too', async () => {
    const who = await login(system);
    const newer = (await (await refresh(system, who.client, who.tokens.refresh_token)).json()) as Tokens;
    await revoke({ token: who.tokens.refresh_token, ...mine(who) });
    expect(await works(newer)).toBe(401);
    expect((await refresh(system, who.client, newer.refresh_token)).status).toBe(400);
  });

  it('reads JSON as well as a form [CH-19]', async () => {
    const who = await login(system);
    const token = who.tokens.refresh_token;
    expect((await postJson(`${system.issuer}/revoke`, { token, token_type_hint: 'refresh_token', ...mine(who) })).status).toBe(200);
    expect(await works(who.tokens)).toBe(401);
  });

  it('is 200 for what is unknown, expired or revoked already, and nothing happens [A12.02] [W99]', async () => {
    const who = await login(system);
    const gone = await login(system);
    await revoke({ token: gone.tokens.refresh_token, ...mine(gone) });
    const before = [await eventsOf(who), await eventsOf(gone)];
    const forged = `${who.tokens.refresh_token.slice(0, -1)}${who.tokens.refresh_token.endsWith('A') ? 'B' : 'A'}`;
    const resigned = `${who.tokens.access_token.slice(0, -4)}AAAA`;
    for (const token of ['unknown', forged, resigned, gone.tokens.refresh_token, gone.tokens.access_token, '{"$ne":null}']) {
      const response = await revoke({ token, ...mine(who) });
      expect([token, response.status, await response.json()]).toEqual([token, 200, {}]);
    }
    expect([await eventsOf(who), await eventsOf(gone)]).toEqual(before);
    expect(await works(who.tokens)).toBe(200);
  });

  it('another client’s token is answered alike and lives on [A12.03] [W99]', async () => {
    const who = await login(system);
    const other = await register(system, { client_name: 'Other' });
    for (const token of [who.tokens.refresh_token, who.tokens.access_token]) {
      const response = await revoke({ token, client_id: other.client_id });
      expect([response.status, await response.json()]).toEqual([200, {}]);
    }
    expect(await works(who.tokens)).toBe(200);
    expect(await refreshes(who)).toBe(200);
  });

  it('one app leaves the others of the same person connected [UP-11]', async () => {
    const [one, other] = [await login(system), await login(system, { client: await register(system, { client_name: 'Other' }) })];
    await revoke({ token: one.tokens.refresh_token, ...mine(one) });
    expect([await works(one.tokens), await works(other.tokens)]).toEqual([401, 200]);
    expect(await refreshes(other)).toBe(200);
  });

  it('and connecting again is a grant of its own', async () => {
    const who = await login(system);
    await revoke({ token: who.tokens.refresh_token, ...mine(who) });
    const again = await login(system, { client: who.client });
    expect([await works(again.tokens), await works(who.tokens)]).toEqual([200, 401]);
  });
});

describe('who may revoke', () => {
  it('a client with a secret shows it [A12.01] [W99]', async () => {
    const client = { client_id: 'reports', redirect_uri: loopbackAddress };
    const secrets = pkce();
    const answer = await consent(openBrowser(), authorizeUrl(system, client, secrets));
    const code = answer.searchParams.get('code') ?? '';
    const redeemed = await redeem(system, { client_id: client.client_id, client_secret, code, code_verifier: secrets.code_verifier });
    const who = { tokens: (await redeemed.json()) as Tokens };
    const token = who.tokens.refresh_token;
    for (const fields of [{}, { client_secret: 'guess' }] as Record<string, string>[]) {
      const response = await revoke({ token, client_id: client.client_id, ...fields });
      expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([400, 'invalid_client']);
    }
    expect(await works(who.tokens)).toBe(200);
    expect((await revoke({ token, client_id: client.client_id, client_secret })).status).toBe(200);
    expect(await works(who.tokens)).toBe(401);
  });

  it.each<[string, (who: SignedIn) => Record<string, string>, string]>([
    ['nobody', ({ tokens }) => ({ token: tokens.refresh_token }), 'invalid_client'],
    ['somebody unknown', ({ tokens }) => ({ token: tokens.refresh_token, client_id: 'unknown' }), 'invalid_client'],
    [
      'somebody with a secret it never had',
      (who) => ({ token: who.tokens.refresh_token, ...mine(who), client_secret: 'x' }),
      'invalid_client',
    ],
    ['its client without a token', (who) => mine(who), 'invalid_request'],
  ])('%s may not, and the token lives on [W99]', async (_, fields, error) => {
    const who = await login(system);
    const response = await revoke(fields(who));
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([400, error]);
    expect(await works(who.tokens)).toBe(200);
  });

  it('not by GET, not in the address, not with a parameter twice [W99]', async () => {
    const who = await login(system);
    const query = new URLSearchParams({ token: who.tokens.refresh_token, ...mine(who) }).toString();
    expect((await fetch(`${system.issuer}/revoke?${query}`)).status).toBe(405);
    expect((await postForm(`${system.issuer}/revoke?${query}`, {})).status).toBe(400);
    const headers = ['Content-Type: application/x-www-form-urlencoded'];
    expect((await raw(system, '/revoke', { method: 'POST', headers, body: `${query}&token=x` })).status).toBe(400);
    expect(await works(who.tokens)).toBe(200);
    expect((await raw(system, '/revoke', { method: 'POST', headers, body: query })).status).toBe(200);
    expect(await works(who.tokens)).toBe(401);
  });

  it('when the store does not answer, it is 503 and not a promise that was not kept [A12.05]', async () => {
    const who = await login(system);
    down = true;
    const response = await revoke({ token: who.tokens.refresh_token, ...mine(who) });
    const meanwhile = await works(who.tokens);
    down = false;
    expect([response.status, meanwhile]).toEqual([503, 503]);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await works(who.tokens)).toBe(200);
    expect((await revoke({ token: who.tokens.refresh_token, ...mine(who) })).status).toBe(200);
    expect(await works(who.tokens)).toBe(401);
  });
});

describe('the record of a connection', () => {
  it('holds the approval, every issue and refresh, and the end, with who and where [AM-31]', async () => {
    const who = await login(system);
    await refresh(system, who.client, who.tokens.refresh_token);
    await revoke({ token: who.tokens.refresh_token, ...mine(who) });
    expect(await eventsOf(who)).toEqual([
      'consent.approved: the person approved',
      'token.issued: authorization_code',
      'token.refreshed: refresh_token',
      'grant.ended: the client revoked it',
    ]);
    const logins: AuditEvent[] = [];
    for await (const chain of readAuditChains(system.engine)) logins.push(...chain.map((record) => record.event));
    expect(logins.filter(({ event }) => event === 'login.succeeded').at(-1)).toMatchObject({
      userId: claimsOf(who.tokens.access_token)['sub'],
      clientName: 'Test client',
      connectionId: 'demo',
    });
  });
});

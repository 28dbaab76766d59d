import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { sha256 } from '../../src/domain/digest.ts';
import { Secret } from '../../src/domain/secret.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { collections } from '../../src/stores/collections.ts';
import { anotherApproval, grantOf } from '../support/codes.ts';
import type { SignedIn, TestClient } from '../support/client.ts';
import { authorizeUrl, consent, loopbackAddress, openBrowser, pkce, postForm, redeem, refresh, register } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { raw } from '../support/wire.ts';

const secret = `CNRY${nodeEntropy.secret()}`;
const odd = 'p:4%/+ \u00e9 s';
const [reports, legacy, desk] = ['reports', 'legacy client', 'desk'];

function configure(config: Config): Config {
  const client = (client_id: string, client_secret: string | null) => ({
    client_id,
    client_name: client_id,
    redirect_uris: [loopbackAddress],
    ...(client_secret === null
      ? { token_endpoint_auth_method: 'none' as const }
      : { token_endpoint_auth_method: 'client_secret_basic' as const, client_secret: new Secret<'client_secret'>(client_secret) }),
  });
  const limits = { ...config.limits, tokenFailuresPerMinute: 100_000 };
  return { ...config, limits, clients: [client(reports, secret), client('legacy client', odd), client(desk, null)] };
}

let system: System;
const logins = new Map<string, SignedIn>();

beforeAll(async () => {
  system = await startSystem({ configure });
});
afterAll(() => system.close());

/** One real login per client; its grant is the pattern for the codes of every test. */
async function loginOf(client_id: string): Promise<SignedIn> {
  const known = logins.get(client_id);
  if (known !== undefined) return known;
  const [client, secrets]: [TestClient, ReturnType<typeof pkce>] = [{ client_id, redirect_uri: loopbackAddress }, pkce()];
  const answer = await consent(openBrowser(), authorizeUrl(system, client, secrets));
  const login = { client, pkce: secrets, code: answer.searchParams.get('code') ?? '', tokens: {} as SignedIn['tokens'] };
  logins.set(client_id, login);
  return login;
}

interface Attempt {
  readonly fields?: Record<string, string>;
  readonly basic?: string;
}

const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

/** A code of this client, shown with these credentials and everything else right. */
async function attempt(client_id: string, { fields = {}, basic: header }: Attempt) {
  const login = await loginOf(client_id);
  const approval = await anotherApproval(system, login);
  const { code_verifier } = login.pkce;
  const headers: Record<string, string> = header === undefined ? {} : { Authorization: header };
  const body = { grant_type: 'authorization_code', code: approval.code, code_verifier, redirect_uri: loopbackAddress, ...fields };
  const response = await postForm(`${system.issuer}/token`, body, headers);
  const json = (await response.json()) as Record<string, string>;
  const stage = (await grantOf(system, approval))['stage'];
  return { status: response.status, error: json['error'], challenge: response.headers.get('www-authenticate'), json, stage, approval };
}

const encoded = (text: string) => new URLSearchParams({ x: text }).toString().slice(2);

describe('a client with a secret', () => {
  it.each<[string, string, Attempt]>([
    ['in the body [A4.02]', reports, { fields: { client_id: reports, client_secret: secret } }],
    ['by Basic [A4.02]', reports, { basic: basic(`${reports}:${secret}`) }],
    ['by Basic with the same client_id in the body', reports, { basic: basic(`${reports}:${secret}`), fields: { client_id: reports } }],
    ['by Basic in small letters', reports, { basic: basic(`${reports}:${secret}`).replace('Basic', 'basic') }],
    ['by Basic, form-encoded [A4.03]', legacy, { basic: basic(`${encoded(legacy)}:${encoded(odd)}`) }],
    ['by Basic, with percent-encoded spaces [A4.03]', legacy, { basic: basic(`legacy%20client:${encodeURIComponent(odd)}`) }],
    ['that is odd, in the body', legacy, { fields: { client_id: legacy, client_secret: odd } }],
  ])('is let in %s', async (_, client_id, how) => {
    expect(await attempt(client_id, how)).toMatchObject({ status: 200, stage: 'live' });
  });

  it.each<[string, string, Attempt, number, string]>([
    ['[A4.06] without it', reports, { fields: { client_id: reports } }, 400, 'invalid_client'],
    ['with an empty one', reports, { fields: { client_id: reports, client_secret: '' } }, 400, 'invalid_client'],
    ['with another', reports, { fields: { client_id: reports, client_secret: `${secret}x` } }, 400, 'invalid_client'],
    ['with the digest of it', reports, { fields: { client_id: reports, client_secret: sha256(secret) } }, 400, 'invalid_client'],
    ['[A4.05] with another by Basic', reports, { basic: basic(`${reports}:${secret}x`) }, 401, 'invalid_client'],
    ['[A4.05] with an empty one by Basic', reports, { basic: basic(`${reports}:`) }, 401, 'invalid_client'],
    ['[A4.05] with Basic that is no Basic', reports, { basic: 'Basic !!!' }, 401, 'invalid_client'],
    ['[A4.05] with Basic without a colon', reports, { basic: basic(reports) }, 401, 'invalid_client'],
    ['[A4.05] with Basic that is badly encoded', reports, { basic: basic(`${reports}:%zz`) }, 401, 'invalid_client'],
    ['[A4.05] with another scheme', reports, { basic: `Bearer ${secret}`, fields: { client_id: reports } }, 401, 'invalid_client'],
    ['[A4.04] twice', reports, { basic: basic(`${reports}:${secret}`), fields: { client_secret: secret } }, 400, 'invalid_request'],
    ['[A4.04] under two names', reports, { basic: basic(`${reports}:${secret}`), fields: { client_id: desk } }, 400, 'invalid_request'],
    [
      '[A4.04] and an assertion',
      reports,
      { basic: basic(`${reports}:${secret}`), fields: { client_assertion: 'a.b.c' } },
      400,
      'invalid_request',
    ],
    ['with an assertion instead', reports, { fields: { client_id: reports, client_assertion: 'a.b.c' } }, 400, 'invalid_client'],
    ['with a plus that was not encoded', legacy, { basic: basic(`${legacy}:${odd}`) }, 401, 'invalid_client'],
    ['with the secret of another', legacy, { fields: { client_id: legacy, client_secret: secret } }, 400, 'invalid_client'],
  ])('is refused %s [W88]', async (_, client_id, how, status, error) => {
    const refused = await attempt(client_id, how);
    // A client that is not proven burns nothing.
    expect(refused).toMatchObject({ status, error, stage: 'coded' });
    expect(refused.challenge === null).toBe(status === 400);
    if (refused.challenge !== null) expect(refused.challenge).toMatch(/^Basic realm="/);
    expect(Object.keys(refused.json).sort()).toEqual(['error', 'error_description']);
  });

  it('in the address is not read, and not logged [W88]', async () => {
    const login = await loginOf(reports);
    const { code } = await anotherApproval(system, login);
    const query = new URLSearchParams({ client_id: reports, client_secret: secret });
    const fields = { grant_type: 'authorization_code', code, code_verifier: login.pkce.code_verifier };
    const response = await postForm(`${system.issuer}/token?${query.toString()}`, fields);
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([400, 'invalid_client']);
    expect(system.lines.join('')).not.toContain(secret);
    expect((await redeem(system, { ...fields, client_id: reports, client_secret: secret })).status).toBe(200);
  });

  it('shows it at each refresh and revocation too', async () => {
    const { json, approval } = await attempt(reports, { fields: { client_id: reports, client_secret: secret } });
    const [client, token] = [{ client_id: reports, redirect_uri: loopbackAddress }, json['refresh_token'] ?? ''];
    const without = await refresh(system, client, token);
    expect([without.status, await without.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_client' })]);
    expect((await postForm(`${system.issuer}/revoke`, { client_id: reports, token })).status).toBe(400);
    expect(await grantOf(system, approval)).toMatchObject({ stage: 'live', generation: 1 });
    expect((await refresh(system, client, token, { client_secret: secret })).status).toBe(200);
    expect((await postForm(`${system.issuer}/revoke`, { token }, { Authorization: basic(`${reports}:${secret}`) })).status).toBe(200);
    expect(await grantOf(system, approval)).toMatchObject({ stage: 'ended' });
  });

  it('is nowhere in the store and nowhere in the log in the clear', async () => {
    await attempt(reports, { fields: { client_id: reports, client_secret: secret } });
    for (const collection of collections) {
      expect(JSON.stringify(await system.engine.page(collection, { limit: 1000 }))).not.toContain('CNRY');
    }
    expect(system.lines.join('')).not.toContain('CNRY');
  });
});

describe('a client without a secret', () => {
  it.each<[string, Attempt, number]>([
    ['shows one', { fields: { client_id: desk, client_secret: 'x' } }, 400],
    ['shows one by Basic', { basic: basic(`${desk}:x`) }, 401],
    ['shows an empty one by Basic', { basic: basic(`${desk}:`) }, 401],
    ['shows an assertion', { fields: { client_id: desk, client_assertion: 'a.b.c', client_assertion_type: 'urn:x' } }, 400],
    ['does not say who it is', {}, 400],
    ['is unknown', { fields: { client_id: 'nobody' } }, 400],
    ['is unknown by Basic', { basic: basic('nobody:x') }, 401],
  ])('is refused when it %s [W88]', async (_, how, status) => {
    expect(await attempt(desk, how)).toMatchObject({ status, error: 'invalid_client', stage: 'coded' });
    expect(await attempt(desk, { fields: { client_id: desk } })).toMatchObject({ status: 200, stage: 'live' });
  });

  it('is not asked for one [CH-23] [UP-14]', async () => {
    const client = await register(system);
    expect(client).not.toHaveProperty('client_secret');
    expect(await attempt(client.client_id, { fields: { client_id: client.client_id } })).toMatchObject({ status: 200 });
  });
});

describe('a client that registered itself for a secret', () => {
  it('gets its own, long and unreserved, and each registration another [A4.03]', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, async () => register(system, { token_endpoint_auth_method: 'client_secret_post' })),
    );
    const secrets = made.map((client) => String(client['client_secret']));
    expect(new Set(secrets).size).toBe(20);
    for (const each of secrets) expect(each).toMatch(/^[A-Za-z0-9_.~-]{43,}$/);
    const [one, other] = made;
    const id = one?.client_id ?? '';
    const own = { client_id: id, client_secret: secrets[0] ?? '' };
    expect(await attempt(id, { fields: { ...own, client_secret: secrets[1] ?? '' } })).toMatchObject({
      status: 400,
      error: 'invalid_client',
    });
    expect(await attempt(id, { basic: basic(`${id}:${own.client_secret}`) })).toMatchObject({ status: 200 });
    expect(await attempt(id, { fields: own })).toMatchObject({ status: 200 });
    expect(await attempt(id, { fields: { client_id: id } })).toMatchObject({ status: 400, error: 'invalid_client' });
    expect(other?.client_id).not.toBe(id);
  });
});

describe('bytes no library would send', () => {
  it('two Authorization headers are refused [W88]', async () => {
    const login = await loginOf(reports);
    const { code } = await anotherApproval(system, login);
    const body = new URLSearchParams({ grant_type: 'authorization_code', code, code_verifier: login.pkce.code_verifier }).toString();
    const header = `Authorization: ${basic(`${reports}:${secret}`)}`;
    const form = 'Content-Type: application/x-www-form-urlencoded';
    const twice = await raw(system, '/token', { method: 'POST', headers: [form, header, header], body });
    expect([twice.status, twice.body]).toEqual([400, expect.stringContaining('invalid_request')]);
    expect((await raw(system, '/token', { method: 'POST', headers: [form, header], body })).status).toBe(200);
  });
});

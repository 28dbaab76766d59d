import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { auditEvents, grants } from '../../src/stores/collections.ts';
import { Browser, wordsOf } from '../support/browser.ts';
import { authorizeUrl, callTool, claimsOf, consent, login, openBrowser, pkce, redeem, refresh, register } from '../support/client.ts';
import type { SignedIn, Tokens } from '../support/client.ts';
import { anotherApproval, tokenDesk } from '../support/codes.ts';
import { alphaMfa, alphaPhr, begin, expectStopped, rowsOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { Begun, TwoIdps } from '../support/two-idps.ts';
import { kindOf } from '../support/wire.ts';

type Requirement = NonNullable<Config['resources'][number]['require']>;
type Change = (config: Config) => Config;

const requirement = (changed: Partial<Requirement>): Requirement => ({ mfa: false, phishingResistant: false, ...changed });
const [mfa, phr, hour] = [requirement({ mfa: true }), requirement({ phishingResistant: true }), requirement({ maxAgeSeconds: 3600 })];
const mfaUrn = 'urn:drawbridge:acr:mfa';
const phrUrn = 'urn:drawbridge:acr:phr';

const onResource =
  (change: (resource: Config['resources'][number]) => Partial<Config['resources'][number]>): Change =>
  (config) => ({ ...config, resources: config.resources.map((each) => ({ ...each, ...change(each) })) });
const onTool = (name: string, require: Requirement): Change =>
  onResource(({ tools }) => ({ tools: { ...tools, [name]: { scopes: [], permissions: [], ...tools[name], require } } }));
const onScope = (name: string, require: Requirement): Change =>
  onResource(({ scopes }) => ({ scopes: scopes.map((scope) => (scope.name === name ? { ...scope, require } : scope)) }));
const onTenant =
  (id: string, require: Requirement): Change =>
  (config) => ({ ...config, tenants: config.tenants.map((tenant) => (tenant.id === id ? { ...tenant, require } : tenant)) });

let system: TwoIdps;
let original: Config;
beforeAll(async () => {
  system = await startWithTwoIdps();
  original = system.config;
});
afterAll(() => system.close());
afterEach(() => {
  system.alpha.script = {};
});

const configured = (change: Change): Promise<void> => system.restart(() => change(original));
const says = (change: Record<string, unknown>): void => {
  system.alpha.script = { claims: (honest) => ({ ...honest, ...change }) };
};
const seconds = (): number => Math.floor(system.clock.now() / 1000);
/** What Alpha was last asked. */
const asked = (): URLSearchParams => system.alpha.requests.findLast(({ path }) => path === '/authorize')?.query ?? new URLSearchParams();
const trips = (): number => system.alpha.count('/authorize');

async function throughAlpha(how: Parameters<typeof begin>[1] = {}): Promise<Begun> {
  const begun = await begin(system, how);
  await begun.browser.submit({}, { form: '/login/alpha' });
  return begun;
}

async function approve({ browser, client, pkce: secrets }: Begun, scope: string[]): Promise<SignedIn> {
  const { location } = await browser.submit({ scope }, { form: '/consent', press: 'Approve' });
  const code = location?.searchParams.get('code') ?? '';
  const { client_id, redirect_uri } = client;
  const response = await redeem(system, { client_id, code, code_verifier: secrets.code_verifier, redirect_uri });
  expect(response.status).toBe(200);
  return { client, pkce: secrets, code, tokens: (await response.json()) as Tokens };
}

interface Challenge {
  readonly status: number;
  readonly error: string | undefined;
  /** What RFC 9470 §3 has the client ask for. */
  readonly changes: Record<string, string>;
}

async function called(who: Pick<SignedIn, 'tokens'>, tool: string): Promise<Challenge> {
  const response = await callTool(system, who.tokens.access_token, tool, { text: 'a note' });
  const header = response.headers.get('www-authenticate') ?? '';
  const found = new Map([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
  const changes = ['acr_values', 'max_age', 'scope'].flatMap((name) => (found.has(name) ? [[name, found.get(name) ?? '']] : []));
  return { status: response.status, error: found.get('error'), changes: Object.fromEntries(changes) as Record<string, string> };
}

const lastOf = async (event: string): Promise<Record<string, unknown> | undefined> =>
  (await rowsOf(system, auditEvents))
    .sort((one, other) => Number(one['at']) - Number(other['at']) || Number(one['sequence']) - Number(other['sequence']))
    .map((row) => row['event'] as Record<string, unknown>)
    .filter((each) => each['event'] === event)
    .at(-1);

describe('a tool that wants a second factor', () => {
  beforeAll(() => configured(onTool('add_note', mfa)));

  it('says so as RFC 9470 has it, and the same call succeeds after the sign-in it asks for [G2.18] [A5.13] [A9.11] [S3.07] [Q-MFA-19] [Q-MFA-20]', async () => {
    const plain = await approve(await throughAlpha(), ['read', 'write']);
    expect(claimsOf(plain.tokens.access_token)).not.toHaveProperty('acr');
    expect((await called(plain, 'list_notes')).status).toBe(200);
    const refused = await called(plain, 'add_note');
    expect(refused).toEqual({
      status: 401,
      error: 'insufficient_user_authentication',
      changes: { acr_values: mfaUrn, scope: 'read write' },
    });
    expect(await lastOf('tool.refused')).toMatchObject({ tool: 'add_note', rule: 'tool add_note: lacks second factor' });
    // A new token of the same sign-in changes nothing, and neither does waiting.
    const renewed = (await (await refresh(system, plain.client, plain.tokens.refresh_token)).json()) as Tokens;
    expect((await called({ tokens: renewed }, 'add_note')).status).toBe(401);
    says({ acr: alphaMfa, amr: ['totp', 'pwd', 'session'] });
    const more = await approve(await throughAlpha({ client: plain.client, changes: refused.changes }), ['read', 'write']);
    expect(asked().get('acr_values')).toBe(alphaMfa);
    expect(claimsOf(more.tokens.access_token)).toMatchObject({ acr: mfaUrn, amr: ['otp', 'pwd'], scope: 'read write' });
    expect((await called(more, 'add_note')).status).toBe(200);
  });

  it('is not opened by an identity provider that ignores the request, and not by its repeating our words [S3.07] [Q-ANY-08]', async () => {
    for (const claims of [{}, { acr: mfaUrn }, { acr_values: mfaUrn }]) {
      says(claims);
      const before = (await rowsOf(system, grants)).length;
      const { browser, path } = await throughAlpha({ changes: { acr_values: mfaUrn } });
      expectStopped(system, browser.page, 'second-factor-unproven', /proved no second factor/);
      // The request asked at the first trip; asking again is for the person.
      const asking = trips();
      await browser.get(`${system.issuer}${path}`);
      expect([trips(), (await rowsOf(system, grants)).length]).toEqual([asking, before]);
    }
  });

  it('names the app when it was the app that asked for more', async () => {
    const { browser } = await throughAlpha({ changes: { acr_values: `urn:example:unknown ${phrUrn}` } });
    expect(wordsOf(browser.page.body)).toContain('“Test client” asks for two steps');
  });

  it('asks for nothing when the values are not ours', async () => {
    const { browser } = await throughAlpha({ changes: { acr_values: 'urn:mace:incommon:iap:silver phr' } });
    expect([kindOf(browser.page.body), asked().get('acr_values')]).toEqual([null, null]);
  });

  it('with the demonstration: refused, one code more, and the same call succeeds [G2.18] [X5.02]', async () => {
    const browser = openBrowser();
    const client = await register(system);
    const go = async (changes: Record<string, string> = {}): Promise<SignedIn> => {
      const secrets = pkce();
      const answer = await consent(browser, authorizeUrl(system, client, secrets, changes), { scope: ['read', 'write'] });
      const code = answer.searchParams.get('code') ?? '';
      const { client_id, redirect_uri } = client;
      const response = await redeem(system, { client_id, code, code_verifier: secrets.code_verifier, redirect_uri });
      return { client, pkce: secrets, code, tokens: (await response.json()) as Tokens };
    };
    const refused = await called(await go(), 'add_note');
    expect(refused).toMatchObject({ status: 401, error: 'insufficient_user_authentication' });
    const more = await go(refused.changes);
    expect(claimsOf(more.tokens.access_token)).toMatchObject({ acr: mfaUrn, amr: ['mfa', 'otp', 'pwd'], auth_time: expect.any(Number) });
    expect((await called(more, 'add_note')).status).toBe(200);
  });
});

describe('a scope that wants a second factor', () => {
  beforeAll(() => configured(onScope('write', mfa)));
  const writing = (browser: Browser): boolean => browser.page.body.includes('name="scope" value="write"');

  it('is asked for once it is known that the role allows it, and opens with the proof [A9.11]', async () => {
    const before = trips();
    let round = 0;
    system.alpha.script = { claims: (honest) => ({ ...honest, ...((round += 1) > 1 ? { acr: alphaMfa } : {}) }) };
    const begun = await throughAlpha();
    expect([trips() - before, asked().get('acr_values'), asked().get('login_hint')]).toEqual([2, alphaMfa, 'ana@corp.example']);
    const who = await approve(begun, ['read', 'write']);
    expect((await called(who, 'add_note')).status).toBe(200);
  });

  it('is not asked for by a request that does not want it, nor of somebody who cannot have it', async () => {
    const before = trips();
    await throughAlpha({ changes: { scope: 'read' } });
    says({ sub: 'viewer-only', groups: ['sales'], acr: alphaMfa });
    await throughAlpha();
    expect(trips() - before).toBe(2);
  });

  it('without the proof is shown with the reason and cannot be had, and the rest can; asking for it later is the way back [A9.10] [S3.07]', async () => {
    const begun = await throughAlpha();
    const words = wordsOf(begun.browser.page.body);
    expect(words).toContain('Not available now: this needs a second sign-in step, which Alpha did not confirm.');
    expect([writing(begun.browser), words.includes('add_note')]).toEqual([false, true]);
    const asking = trips();
    await begun.browser.get(`${system.issuer}${begun.path}`);
    expect(trips()).toBe(asking);
    // Ticked all the same, it is no approval.
    const fields = new URLSearchParams(begun.browser.form('/consent').fields);
    for (const [name, value] of [
      ['decision', 'approve'],
      ['scope', 'write'],
    ] as const)
      fields.append(name, value);
    await begun.browser.post(`${system.issuer}${begun.path}/consent`, fields);
    expect([begun.browser.page.location, wordsOf(begun.browser.page.body).includes('is not what it was')]).toEqual([null, true]);
    const who = await approve(begun, ['read']);
    expect(who.tokens.scope).toBe('read');
    const refused = await called(who, 'add_note');
    expect([refused.status, refused.error]).toEqual([403, 'insufficient_scope']);
    says({ acr: alphaMfa });
    const more = await approve(await throughAlpha({ client: who.client, changes: refused.changes }), ['read', 'write']);
    expect((await called(more, 'add_note')).status).toBe(200);
  });

  it('that nobody could prove leaves the choice of workspace and the rest when the person turns back [AM-08]', async () => {
    await configured(onScope('write', phr));
    let round = 0;
    system.alpha.script = {
      claims: (honest) => ({ ...honest, acr: alphaMfa }),
      answer: (answer) => {
        round += 1;
        if (round === 1) return;
        answer.delete('code');
        answer.set('error', 'access_denied');
      },
    };
    const begun = await throughAlpha();
    expect(round).toBe(2);
    expect(wordsOf(begun.browser.page.body)).toContain('You can still allow what does not need it.');
    await begun.browser.submit({ scope: [] }, { form: '/consent', press: 'Approve' });
    expect(wordsOf(begun.browser.page.body)).toContain('Choose at least one thing it may do');
    expect(round).toBe(2);
    const who = await approve(begun, ['read']);
    expect(claimsOf(who.tokens.access_token)).toMatchObject({ tenant: 'acme', scope: 'read', acr: mfaUrn });
  });

  it('alone, there is nothing to consent to', async () => {
    await configured(onScope('write', mfa));
    const { browser } = await throughAlpha({ changes: { scope: 'write' } });
    expectStopped(system, browser.page, 'second-factor-unproven', /proved no second factor/);
    expect(wordsOf(browser.page.body)).toContain('Demo Notes asks for two steps');
  });
});

describe('a sign-in that cannot be phished', () => {
  beforeAll(() => configured(onTenant('acme', phr)));

  it('is asked for by the values that prove it, and a second factor of another kind is not one [S3.07]', async () => {
    says({ acr: alphaMfa });
    const begun = await throughAlpha();
    await begun.browser.submit({}, { form: '/tenant', press: 'Acme' });
    expect(asked().get('acr_values')).toBe(alphaPhr);
    expectStopped(system, begun.browser.page, 'phishing-resistance-unproven', /proved no phishing-resistant sign-in/);
    expect(wordsOf(begun.browser.page.body)).toContain('Acme asks for a sign-in that nobody can copy');
    says({ acr: alphaPhr });
    await begun.browser.submit({}, { press: 'Try again' });
    const who = await approve(begun, ['read']);
    expect(claimsOf(who.tokens.access_token)).toMatchObject({ tenant: 'acme', acr: phrUrn });
    expect((await called(who, 'list_notes')).status).toBe(200);
    expect(await lastOf('login.succeeded')).toMatchObject({ evidence: [`acr=${alphaPhr}`, `phishing-resistant acr=${alphaPhr}`] });
  });
});

describe('a resource that wants a recent sign-in', () => {
  beforeAll(() => configured(onResource(() => ({ require: hour }))));

  it('takes none for recent whose time nobody told, and asks for a new one only when the person presses [W19] [Q-MFA-09]', async () => {
    for (const auth_time of [undefined, seconds() - 7200]) {
      says({ auth_time, iat: seconds() });
      const begun = await throughAlpha();
      expect([asked().get('max_age'), asked().get('prompt')]).toEqual(['3600', null]);
      expectStopped(system, begun.browser.page, 'sign-in-too-old', /proved no recent sign-in/);
      says({ auth_time: seconds() });
      await begun.browser.submit({}, { press: 'Try again' });
      expect([asked().get('max_age'), asked().get('prompt')]).toEqual(['3600', 'login']);
      expect(kindOf(begun.browser.page.body)).toBeNull();
    }
  });

  it('refuses what has become too old with the age it wants, gives it no new tokens, and takes the next sign-in [G2.18] [X5.02]', async () => {
    const auth_time = seconds() - 1800;
    says({ auth_time });
    const who = await approve(await throughAlpha(), ['read']);
    expect(claimsOf(who.tokens.access_token)).toMatchObject({ auth_time });
    expect((await called(who, 'list_notes')).status).toBe(200);
    const renewed = (await (await refresh(system, who.client, who.tokens.refresh_token)).json()) as Tokens;
    system.clock.advance(1_900_000);
    const refused = await called({ tokens: renewed }, 'list_notes');
    expect(refused).toEqual({ status: 401, error: 'insufficient_user_authentication', changes: { max_age: '3600', scope: 'read' } });
    const late = await refresh(system, who.client, renewed.refresh_token);
    expect([late.status, await late.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })]);
    says({ auth_time: seconds() });
    const again = await approve(await throughAlpha({ client: who.client, changes: refused.changes }), ['read']);
    expect((await called(again, 'list_notes')).status).toBe(200);
  });

  it('goes by the time of the methods where an identity provider dates only those [Q-MFA-10]', async () => {
    const now = seconds();
    const amr = [
      { method: 'totp', timestamp: now - 60 },
      { method: 'password', timestamp: now - 90 },
    ];
    says({ auth_time: undefined, amr: [...amr, { method: 'token_refresh', timestamp: now }] });
    const who = await approve(await throughAlpha(), ['read']);
    expect(claimsOf(who.tokens.access_token)).toMatchObject({ auth_time: now - 60, amr: ['otp', 'pwd'] });
    says({
      auth_time: undefined,
      amr: [
        { method: 'token_refresh', timestamp: now },
        { method: 'totp', timestamp: now + 3600 },
      ],
    });
    expect(kindOf((await throughAlpha()).browser.page.body)).toBe('sign-in-too-old');
  });

  it('a client may ask for one, too, and its age is counted from when it asked [A5.13]', async () => {
    await configured((config) => config);
    says({ auth_time: seconds() - 600 });
    const { browser } = await throughAlpha({ changes: { max_age: '300' } });
    expectStopped(system, browser.page, 'sign-in-too-old', /proved no recent sign-in/);
    says({ auth_time: seconds() - 200 });
    const begun = await throughAlpha({ changes: { max_age: '300' } });
    system.clock.advance(400_000);
    await begun.browser.get(`${system.issuer}${begun.path}`);
    await approve(begun, ['read']);
  });
});

describe('another account', () => {
  it('is as fresh a login as the client asked for [W19] [W80]', async () => {
    await configured((config) => config);
    says({ auth_time: seconds() });
    const { browser } = await throughAlpha({ changes: { max_age: '0' } });
    await browser.submit({}, { press: 'Use another account' });
    expect([asked().get('prompt'), asked().get('max_age')]).toEqual(['login', '0']);
    says({ auth_time: seconds() - 3600 });
    await browser.submit({}, { press: 'Use another account' });
    expectStopped(system, browser.page, 'sign-in-untrustworthy', /auth_time/);
  });
});

describe('what was granted before', () => {
  it('meets what is demanded since: refused with what would lift it, and the next sign-in asks for it [W97] [UP-01]', async () => {
    await configured((config) => config);
    const who = await approve(await throughAlpha(), ['read', 'write']);
    expect((await called(who, 'add_note')).status).toBe(200);
    await configured(onScope('write', mfa));
    expect(await called(who, 'add_note')).toMatchObject({ status: 401, changes: { acr_values: mfaUrn } });
    // A client that only knows how to refresh gets a token without the scope, and is told which one to ask for.
    const response = await refresh(system, who.client, who.tokens.refresh_token);
    const renewed = (await response.json()) as Tokens;
    expect([response.status, renewed.scope]).toEqual([200, 'read']);
    expect((await called({ tokens: renewed }, 'list_notes')).status).toBe(200);
    expect(await called({ tokens: renewed }, 'add_note')).toMatchObject({ status: 403, error: 'insufficient_scope' });
    await configured(onTenant('acme', mfa));
    expect(await called({ tokens: renewed }, 'whoami')).toMatchObject({ status: 401, changes: { acr_values: mfaUrn, scope: 'read' } });
    expect((await refresh(system, who.client, renewed.refresh_token)).status).toBe(400);
    await configured((config) => config);
    expect((await called({ tokens: renewed }, 'whoami')).status).toBe(200);
  });

  it('and stored before there was more to know still works, and proves no more than it did', async () => {
    await configured((config) => config);
    says({ acr: alphaMfa, amr: ['mfa'] });
    const like = await approve(await throughAlpha(), ['read']);
    const assurance = { auth_time: null, acr: alphaMfa, amr: ['mfa'], mfa: true, evidence: [`acr=${alphaMfa}`] };
    const old = await anotherApproval(system, like, { assurance });
    const { client_id, redirect_uri } = like.client;
    const fields = { grant_type: 'authorization_code', client_id, redirect_uri, code: old.code, code_verifier: like.pkce.code_verifier };
    const { body } = await tokenDesk(system, like).post(fields);
    const tokens = { access_token: body['access_token'] ?? '', refresh_token: body['refresh_token'] ?? '' } as Tokens;
    expect(claimsOf(tokens.access_token)).toMatchObject({ acr: mfaUrn, amr: ['mfa'] });
    await configured(onTool('whoami', mfa));
    expect((await called({ tokens }, 'whoami')).status).toBe(200);
    await configured(onTool('whoami', phr));
    expect(await called({ tokens }, 'whoami')).toMatchObject({ status: 401, changes: { acr_values: phrUrn } });
    expect((await refresh(system, like.client, tokens.refresh_token)).status).toBe(200);
    await configured(onTool('whoami', hour));
    expect(await called({ tokens }, 'whoami')).toMatchObject({ status: 401, changes: { max_age: '3600' } });
  });
});

describe('the demonstration without a demand', () => {
  it('asks for no second factor and asserts none', async () => {
    await configured((config) => config);
    const { tokens } = await login(system);
    expect(claimsOf(tokens.access_token)).not.toHaveProperty('acr');
    expect(claimsOf(tokens.access_token)).toMatchObject({ amr: ['pwd'] });
  });
});

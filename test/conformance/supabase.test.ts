import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import { Secret } from '../../src/domain/secret.ts';
import { auditEvents, identities, transactions, upstreamSessions } from '../../src/stores/collections.ts';
import { wordsOf, type Page } from '../support/browser.ts';
import { signIn } from '../support/client.ts';
import { openSupabase, type SupabaseProject } from '../support/supabase/project.ts';
import type { Person } from '../support/supabase/world.ts';
import { startSystem, type System, type SystemOptions } from '../support/system.ts';
import { refresh, type SignedIn, type Tokens } from '../support/client.ts';
import { begin, careful, expectStopped, finishConsent, linesOf, rowsOf, unhurried, type Begun } from '../support/two-idps.ts';

type Base = Extract<Config['connections'][number], { type: 'supabase' }>;
type Methods = Base['methods'];

let project: SupabaseProject;
let system: System;
let ana: Person;

/** The demonstration with a Supabase project beside its own sign-in; people in `eng` belong to Acme, and to Globex, which wants a second factor. */
async function start(methods: Methods, options: Omit<SystemOptions, 'configure'> = {}, more: Partial<Base> = {}): Promise<void> {
  project = await openSupabase();
  const configure = (config: Config): Config => {
    project.settings.redirectUrls = [`${config.issuer}/callback/base/**`];
    const connection = {
      id: ConnectionId.parse('base'),
      type: 'supabase' as const,
      name: 'Base',
      projectUrl: project.url,
      publishableKey: new Secret<'publishableKey'>(project.publishableKey),
      methods,
      claims: { roles: '/roles', tenant: null },
      requireAal2: false,
      timeoutSeconds: 5,
      ...more,
    };
    return unhurried({ ...config, connections: [...config.connections, connection] });
  };
  system = await startSystem({ ...options, configure });
  ana = project.addPerson({ email: 'ana@corp.example', password: 'CNRYpassword', app_metadata: { roles: ['eng'] } });
}
afterEach(async () => {
  await system.close();
  await project.close();
});

const openDoor = async (how: Parameters<typeof begin>[1] = {}): Promise<Begun> => {
  const begun = await begin(system, how);
  await begun.browser.submit({}, { form: '/login/base' });
  return begun;
};
const answer = (begun: Begun, fields: Record<string, string>, press = 'Sign in'): Promise<Page> =>
  begun.browser.submit(fields, { form: press === 'Sign in' || press === 'Continue' ? `${begun.path}/answer` : press, press });
const password = (begun: Begun, value = 'CNRYpassword') => answer(begun, { email: 'ana@corp.example', password: value });
const filledIn = (fields: URLSearchParams): URLSearchParams =>
  new URLSearchParams({ ...Object.fromEntries(fields), email: 'ana@corp.example', password: 'CNRYpassword', way: 'password' });
const isConsent = (page: Page, { path }: Begun): boolean => page.forms.some(({ action }) => action.pathname === `${path}/consent`);
const stageOf = async ({ id }: Begun) => (await system.engine.get(transactions, id))?.['stage'] as { at: string };
/** Time goes by here and there. */
const pass = (ms: number): void => {
  project.advance(ms);
  system.clock.advance(ms);
};
/** What is on record of sign-ins. */
const events = async () =>
  (await rowsOf(system, auditEvents))
    .map(({ event }) => event as Record<string, unknown>)
    .filter(({ event }) => event !== 'policy.changed');

/** What was typed or issued must be nowhere but in the browser and sealed. */
async function expectNothingTold(...pages: Page[]): Promise<void> {
  const rows = await Promise.all([transactions, auditEvents, identities].map((each) => rowsOf(system, each)));
  const told = system.lines.join('\n') + JSON.stringify(rows) + pages.map(({ body }) => body).join('\n');
  expect(told).not.toMatch(/CNRY|eyJ[\w-]+\.eyJ/);
  for (const { token } of project.mailbox) expect(told).not.toContain(token);
}

describe('an account at a Supabase project', () => {
  it('is joined with another one by answering on our page, and is left alone by whoever leaves that page [W64]', async () => {
    await start(['password']);
    await system.restart((config) => ({ ...config, linking: true }));
    const begun = await begin(system);
    await signIn(begun.browser, 'alice');
    const toQuestion = async () => {
      await begun.browser.submit({}, { form: '/link' });
      expect(wordsOf(begun.browser.page.body)).toContain('You are signed in as');
      await begun.browser.submit({}, { form: '/login/base' });
    };
    await toQuestion();
    await begun.browser.submit({}, { form: '/other-way' });
    expect(wordsOf(begun.browser.page.body)).toContain('The other sign-in was not finished');
    await toQuestion();
    await password(begun);
    expect(wordsOf(begun.browser.page.body)).toContain('Are both of these you?');
    const page = await begun.browser.submit({}, { press: 'Join them' });
    expect([isConsent(page, begun), wordsOf(page.body)]).toEqual([true, expect.stringContaining('Your accounts are joined')]);
    const held = (await rowsOf(system, identities)).map(({ userId }) => userId);
    expect([held.length, new Set(held).size]).toEqual([2, 1]);
  });
});

describe('social sign-in at a Supabase project', () => {
  beforeEach(async () => start(['google']));

  it('brings our state back in the path, and ends at the consent page [Q-SUPABASE-01] [Q-SUPABASE-09]', async () => {
    const begun = await openDoor();
    expect(begun.browser.page.url.pathname).toBe('/social/google');
    const page = await begun.browser.submit({ login: 'ana@corp.example' }, { press: 'Continue' });
    expect(isConsent(page, begun)).toBe(true);
    expect(wordsOf(page.body)).toContain('ana@corp.example');
    expect(project.sessions.size).toBe(0);
    await expectNothingTold(page);
    const states = linesOf(system).map((line) => String(line['route']));
    expect(states.filter((route) => route.startsWith('/callback'))).toEqual(['/callback/base/:transaction']);
  });

  it('is refused in another browser, with another state, with two, and a second time [W47]', async () => {
    const browser = careful(system, { beforeCallback: true });
    const begun = await openDoor({ browser });
    const { location } = await browser.submit({ login: 'ana@corp.example' }, { press: 'Continue' });
    const landed = location ?? new URL('about:blank');
    const two = new URL(landed);
    two.searchParams.set('state', landed.pathname.split('/').at(-1) ?? '');
    expectStopped(system, await careful(system).get(two), 'malformed-request', /state is missing, repeated/);
    const forged = new URL(landed);
    forged.pathname = forged.pathname.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
    expectStopped(system, await browser.get(forged), 'expired', /not the one that was waited for/);
    expect(project.count('/token')).toBe(0);
    const answered = careful(system);
    expectStopped(system, await answered.get(landed), 'other-browser', /another browser/);
    expect(await stageOf(begun)).toEqual({ at: 'stopped' });
    expectStopped(system, await browser.get(landed), 'expired', /not the one that was waited for/);
  });

  it('lands at the project’s own site when our address is not allowed there, and nothing happens here [Q-SUPABASE-02]', async () => {
    project.settings.redirectUrls = [];
    const begun = await openDoor();
    const page = await begun.browser.submit({ login: 'ana@corp.example' }, { press: 'Continue' });
    expect(page.location?.origin).toBe('https://app.example');
    expect(await stageOf(begun)).toMatchObject({ at: 'upstream' });
  });

  it('that took too long, or was cancelled, can be tried again', async () => {
    const begun = await openDoor();
    pass(301_000);
    const late = await begun.browser.submit({ login: 'ana@corp.example' }, { press: 'Continue' });
    expect(wordsOf(late.body)).toContain('is not answering');
    await begun.browser.submit({}, { form: '/login/base' });
    expect(wordsOf((await begun.browser.submit({}, { press: 'Cancel' })).body)).toContain('The sign-in was not finished');
    await begun.browser.submit({}, { form: '/login/base' });
    expect(isConsent(await begun.browser.submit({ login: 'ana@corp.example' }, { press: 'Continue' }), begun)).toBe(true);
  });

  it('goes on with the code of an authenticator app on a page of ours', async () => {
    const factor = project.addFactor(ana);
    const begun = await openDoor();
    const asked = await begun.browser.submit({ login: 'ana@corp.example' }, { press: 'Continue' });
    expect(wordsOf(asked.body)).toContain('Enter your 6-digit code');
    expect(isConsent(await answer(begun, { code: project.codeOf(factor) }, 'Continue'), begun)).toBe(true);
    expect(await events()).toContainEqual(
      expect.objectContaining({ event: 'login.succeeded', evidence: ['aal=aal2', expect.stringMatching(/^amr=totp at \d+$/)] }),
    );
  });
});

describe('a sign-in that asks on our page', () => {
  beforeEach(async () => start(['password', 'email_otp', 'google']));

  it('takes a password, and tells it to nobody', async () => {
    const begun = await openDoor();
    const asked = begun.browser.page;
    expect(asked.url.pathname).toBe(begun.path);
    expect(asked.headers.get('cache-control')).toBe('no-store');
    const wrong = await password(begun, 'CNRYother');
    expect({ status: wrong.status, title: /<title>([^·]*)/.exec(wrong.body)?.[1] }).toEqual({
      status: 422,
      title: 'Error: Sign in with Base ',
    });
    expect(wordsOf(wrong.body)).toContain('4 tries left');
    const before = begun.browser.cookies(system.issuer);
    const page = await password(begun);
    expect(isConsent(page, begun)).toBe(true);
    expect(begun.browser.cookies(system.issuer)).not.toEqual(before);
    await expectNothingTold(asked, wrong, page);
    expect((await events()).map(({ event, rule }) => [event, rule])).toEqual([
      ['login.refused', 'wrong-answer'],
      ['login.succeeded', expect.stringContaining('group eng')],
    ]);
  });

  it('is judged once however often the button is pressed, and whoever pressed last goes on', async () => {
    const begun = await openDoor();
    const { action, fields } = begun.browser.form(`${begun.path}/answer`);
    const body = filledIn(fields);
    const Cookie = [...begun.browser.cookies(action)].map(([name, value]) => `${name}=${value}`).join('; ');
    const press = () => fetch(action, { method: 'POST', body, headers: { Cookie, Origin: system.issuer }, redirect: 'manual' });
    const answers = await Promise.all(Array.from({ length: 4 }, press));
    const late = await press();
    const renewed = [...answers, late].map((response) => response.headers.getSetCookie().join());
    expect(new Set([...answers, late].map(({ status, headers }) => [status, headers.get('location')].join(' ')))).toEqual(
      new Set([`303 ${begun.path}`]),
    );
    expect(new Set(renewed).size).toBe(1);
    expect(renewed[0]).toMatch(/^drawbridge-/);
    expect(project.count('/token')).toBe(1);
    expect((await events()).map(({ event }) => event)).toEqual(['login.succeeded']);
    // Whoever knows only the old cookie, and not the password, gets nothing.
    const guess = new URLSearchParams(body);
    guess.set('password', 'CNRYother');
    const refused = await fetch(action, { method: 'POST', body: guess, headers: { Cookie, Origin: system.issuer }, redirect: 'manual' });
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []]);
  });

  it('ends after five wrong answers, whatever way back was taken in between', async () => {
    const begun = await openDoor();
    for (const left of [4, 3, 2]) expect(wordsOf((await password(begun, 'CNRYother')).body)).toContain(`${left} tries left`);
    await answer(begun, {}, 'Sign in another way');
    expect(begun.browser.page.forms.some(({ action }) => action.pathname === '/login/demo')).toBe(true);
    await begun.browser.submit({}, { form: '/login/base' });
    expect(wordsOf((await password(begun, 'CNRYother')).body)).toContain('1 try left');
    expectStopped(system, await password(begun, 'CNRYother'), 'too-many-tries', /5 wrong answers/);
    expect(await stageOf(begun)).toEqual({ at: 'stopped' });
    expect(project.count('/token')).toBe(5);
  });

  it('is limited per address', async () => {
    await system.restart((config) => ({ ...config, limits: { ...config.limits, answersPerMinute: 2 } }));
    const begun = await openDoor();
    system.clock.advance(60_000 - (system.clock.now() % 60_000));
    await password(begun, 'CNRYother');
    await password(begun, 'CNRYother');
    const refused = await password(begun);
    expect({ status: refused.status, wait: Number(refused.headers.get('retry-after')) > 0 }).toEqual({ status: 429, wait: true });
    expect(project.count('/token')).toBe(2);
  });

  it('keeps the place while the project throttles us, and counts that as no try', async () => {
    const begun = await openDoor();
    project.raw = { '/token': (_q, response) => void response.writeHead(429, { 'x-sb-error-code': 'over_request_rate_limit' }).end() };
    const busy = await password(begun);
    expect([busy.status, wordsOf(busy.body)]).toEqual([200, expect.stringContaining('Base did not answer')]);
    project.raw = {};
    expect(isConsent(await password(begun), begun)).toBe(true);
  });

  it('outlives a restart between question and answer', async () => {
    const begun = await openDoor();
    await system.restart();
    expect(isConsent(await password(begun), begun)).toBe(true);
  });

  it('is answered only from the page we gave this browser', async () => {
    const begun = await openDoor();
    const { action, fields } = begun.browser.form(`${begun.path}/answer`);
    const body = filledIn(fields);
    const forged = new URLSearchParams(body);
    forged.set('csrf', 'x'.repeat(43));
    expectStopped(system, await begun.browser.post(action, forged, { Origin: system.issuer }), 'other-browser', /not one we gave/);
    expectStopped(system, await begun.browser.post(action, body, { Origin: 'https://evil.example' }), 'other-browser', /not one we gave/);
    expectStopped(system, await careful(system).post(action, body, { Origin: system.issuer }), 'other-browser', /no cookie/);
    const twice = new URLSearchParams([...body, ['password', 'CNRYother']]);
    expectStopped(system, await begun.browser.post(action, twice, { Origin: system.issuer }), 'malformed-request', /repeated/);
    expect(project.count('/token')).toBe(0);
    expect(await stageOf(begun)).toMatchObject({ at: 'asking' });
  });

  it('keeps what it remembers sealed, and what was asked too', async () => {
    project.addFactor(ana);
    const begun = await openDoor();
    const asked = await password(begun);
    expect(wordsOf(asked.body)).toContain('Enter your 6-digit code');
    expect(Object.keys(await stageOf(begun)).sort()).toEqual(['asked', 'at', 'attempt', 'connectionId', 'previous']);
    expect(JSON.stringify(await stageOf(begun))).not.toContain('corp.example');
    await expectNothingTold(asked);
  });

  it('takes a mailed code, and the sites beside it lead where they say', async () => {
    const begun = await openDoor();
    const asked = await answer(begun, { email: 'ana@corp.example' }, 'E-mail me a code instead');
    expect(wordsOf(asked.body)).toContain('ana@corp.example may sign in here, a code is on its way');
    const code = project.mailbox.at(-1)?.token ?? '';
    expect(wordsOf((await answer(begun, { code: '000000' }, 'Continue')).body)).toContain('That code didn’t match');
    await expectNothingTold();
    expect(isConsent(await answer(begun, { code }, 'Continue'), begun)).toBe(true);
    const another = await openDoor();
    await answer(another, {}, 'Continue with Google');
    expect(another.browser.page.url.pathname).toBe('/social/google');
    expect(isConsent(await another.browser.submit({ login: 'ana@corp.example' }, { press: 'Continue' }), another)).toBe(true);
  });

  it('left for another way signs out what it had opened, and can be stopped', async () => {
    project.addFactor(ana);
    const begun = await openDoor();
    await password(begun);
    expect(project.sessions.size).toBe(1);
    await answer(begun, {}, 'Sign in another way');
    expect(project.sessions.size).toBe(0);
    await begun.browser.submit({}, { form: '/login/base' });
    await password(begun);
    expect(project.sessions.size).toBe(1);
    expect(wordsOf((await answer(begun, {}, 'I didn’t start this, stop')).body)).toContain('You stopped this sign-in');
    expect(project.sessions.size).toBe(0);
  });
});

describe('a workspace that wants a second factor', () => {
  beforeEach(async () => start(['password']));
  const choose = (begun: Begun) => begun.browser.submit({}, { press: 'Globex' });

  it('is open to whoever showed one at sign-in', async () => {
    const factor = project.addFactor(ana);
    const begun = await openDoor();
    await password(begun);
    await answer(begun, { code: project.codeOf(factor) }, 'Continue');
    expect(wordsOf((await choose(begun)).body)).not.toContain('one more sign-in step');
  });

  it('asks again of whoever had none then, and lets them in when they have one now', async () => {
    const begun = await openDoor();
    expect(isConsent(await password(begun), begun)).toBe(true);
    expect(wordsOf((await choose(begun)).body)).toContain('Sign in with Base');
    const factor = project.addFactor(ana);
    expect(wordsOf((await password(begun)).body)).toContain('Enter your 6-digit code');
    const page = await answer(begun, { code: project.codeOf(factor) }, 'Continue');
    expect(isConsent(page, begun)).toBe(true);
    expect(begun.browser.form('/consent').fields.get('shown_tenant')).toBe('globex');
  });

  it('is closed to whoever has none, with the reason', async () => {
    const begun = await openDoor();
    await password(begun);
    await choose(begun);
    expectStopped(system, await password(begun), 'second-factor-unproven', /proved no second factor/);
  });

  it('is left by going another way, back to the workspaces', async () => {
    const begun = await openDoor();
    await password(begun);
    await choose(begun);
    const page = await answer(begun, {}, 'Sign in another way');
    expect(isConsent(page, begun)).toBe(true);
    expect(wordsOf(page.body)).toContain('The extra sign-in step was not finished');
  });
});

describe('a project that is asked again before tokens are renewed', () => {
  beforeEach(async () => start(['password'], {}, { recheck: { afterSeconds: 900, graceSeconds: 3600 } }));

  const quarter = 901_000;
  const signedIn = async (): Promise<SignedIn> => {
    const begun = await openDoor();
    expect(isConsent(await password(begun), begun)).toBe(true);
    return finishConsent(system, begun);
  };
  const renewed = ({ client, tokens }: SignedIn, refresh_token = tokens.refresh_token) => refresh(system, client, refresh_token);
  const tokensOf = async (response: Response): Promise<Tokens> => {
    expect(response.status).toBe(200);
    return (await response.json()) as Tokens;
  };

  it('renews while the person is there, each time with the token that came last, and keeps it sealed', async () => {
    const signed = await signedIn();
    const before = project.count('/token');
    let { refresh_token } = await tokensOf(await renewed(signed));
    expect(project.count('/token')).toBe(before);
    for (let round = 1; round <= 3; round += 1) {
      pass(quarter);
      ({ refresh_token } = await tokensOf(await renewed(signed, refresh_token)));
      expect(project.count('/token')).toBe(before + round);
    }
    expect(project.sessions.size).toBe(1);
    expect(JSON.stringify(await rowsOf(system, upstreamSessions))).toContain('sealed');
    expect(JSON.stringify(await rowsOf(system, upstreamSessions)) + system.lines.join()).not.toMatch(/CNRY|eyJ[\w-]+\.eyJ/);
  });

  it('takes everything from whoever was banned there, and nothing from the others', async () => {
    const signed = await signedIn();
    pass(quarter);
    ana.banned = true;
    const response = await renewed(signed);
    expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })]);
    ana.banned = false;
    expect((await renewed(signed)).status).toBe(400);
    expect(await events()).toContainEqual(expect.objectContaining({ event: 'grant.ended' }));
    expect((await renewed(await signedIn())).status).toBe(200);
  });

  it('takes a role that was taken there, and ends nothing while the project fails', async () => {
    const signed = await signedIn();
    pass(quarter);
    ana.app_metadata = { roles: [] };
    expect((await renewed(signed)).status).toBe(400);
    ana.app_metadata = { roles: ['eng'] };
    const again = await signedIn();
    pass(quarter);
    project.raw = { '/token': (_request, response) => void response.writeHead(500).end() };
    const { refresh_token } = await tokensOf(await renewed(again));
    expect(linesOf(system).map(({ event }) => event)).toContain('upstream.unanswered');
    project.raw = {};
    pass(quarter);
    await tokensOf(await renewed(again, refresh_token));
  });
});

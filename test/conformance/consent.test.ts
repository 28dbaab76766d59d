import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectionId, RoleId, TenantId, UserId } from '../../src/domain/ids.ts';
import { noFeed } from '../../src/ports/authority-feed.ts';
import { openMemberships } from '../../src/stores/memberships.ts';
import { putInto } from '../support/roles-now.ts';
import { announce } from '../support/past-the-broker.ts';
import { clientKey } from '../../src/domain/seen-client.ts';
import type { StoredDocument } from '../../src/ports/document-engine.ts';
import { auditEvents, grants, seenClients, transactions, users } from '../../src/stores/collections.ts';
import { wordsOf } from '../support/browser.ts';
import type { Page } from '../support/browser.ts';
import { authorizeUrl, redeem, register } from '../support/client.ts';
import { alphaMfa, answerOf, begin, beginConsent, careful, expectStopped, rowsOf, startWithTwoIdps } from '../support/two-idps.ts';
import type { Begun, TwoIdps } from '../support/two-idps.ts';
import { countOf } from '../support/wire.ts';

let system: TwoIdps;
beforeAll(async () => {
  system = await startWithTwoIdps();
});
afterAll(() => system.close());
afterEach(() => {
  system.alpha.script = {};
  system.beta.script = {};
});

const at = ({ path }: Begun, what: string): string => `${system.issuer}${path}${what}`;
const fieldsOf = ({ browser }: Begun, form = '/consent'): URLSearchParams => new URLSearchParams(browser.form(form).fields);

/** What Approve sends, changed. */
function approval(begun: Begun, change: (fields: URLSearchParams) => void = () => undefined): URLSearchParams {
  const fields = fieldsOf(begun);
  fields.append('decision', 'approve');
  change(fields);
  return fields;
}

const press = (begun: Begun, change?: (fields: URLSearchParams) => void, headers: Record<string, string> = {}): Promise<Page> =>
  begun.browser.post(at(begun, '/consent'), approval(begun, change), headers);

function rename(fields: URLSearchParams, from: string, to: string): void {
  fields.set(to, fields.get(from) ?? '');
  fields.delete(from);
}

const stageOf = async ({ id }: Begun): Promise<Record<string, unknown>> =>
  ((await system.engine.get(transactions, id)) as unknown as { stage: Record<string, unknown> }).stage;

const grantsOf = async ({ client }: Begun): Promise<StoredDocument[]> =>
  (await rowsOf(system, grants)).filter((row) => row['client_id'] === client.client_id);

const eventsOf = async ({ client }: Begun): Promise<unknown[]> =>
  (await rowsOf(system, auditEvents))
    .map((row) => row['event'] as { event: string; clientId?: string })
    .filter((event) => event.clientId === client.client_id)
    .map(({ event }) => event);

/** A client nobody has seen before, so that what it got can be counted. */
let names = 0;
const fresh = async (how: Parameters<typeof beginConsent>[1] = {}): Promise<Begun> => {
  names += 1;
  return beginConsent(system, { client: await register(system, { client_name: `App ${names}` }), ...how });
};

/** Nothing was decided, and the very same page still works: so it was the change that was refused. */
async function stillUndecided(begun: Begun): Promise<void> {
  expect((await stageOf(begun))['at']).toBe('consenting');
  expect(await grantsOf(begun)).toEqual([]);
  await begun.browser.get(at(begun, ''));
  const page = await press(begun);
  expect(page.location?.searchParams.get('code')).toMatch(/^db_ac_/);
  expect(await grantsOf(begun)).toHaveLength(1);
}

describe('a press that is not the person’s', () => {
  const set = (name: string, value: string) => (fields: URLSearchParams) => fields.set(name, value);
  const forged: [string, (fields: URLSearchParams) => void][] = [
    ['without csrf', (fields) => fields.delete('csrf')],
    ['with an empty csrf', set('csrf', '')],
    ['with a made-up csrf', set('csrf', 'A'.repeat(43))],
    ['with a csrf cut short', (fields) => fields.set('csrf', fields.get('csrf')?.slice(0, 42) ?? '')],
    ['with csrf twice', (fields) => fields.append('csrf', fields.get('csrf') ?? '')],
    ['with csrf as an array', (fields) => rename(fields, 'csrf', 'csrf[]')],
    ['with csrf as an operator', (fields) => rename(fields, 'csrf', 'csrf[$ne]')],
  ];
  it.each(forged)('%s decides nothing [W75] [S1.03] [W167]', async (_, change) => {
    const begun = await fresh();
    expectStopped(system, await press(begun, change), 'other-browser', /not one we gave this browser/);
    await stillUndecided(begun);
  });

  it("with another browser's csrf, or that of another transaction of this browser, decides nothing [W75] [W80]", async () => {
    const [begun, attacker] = [await fresh(), await fresh()];
    const sibling = await beginConsent(system, { browser: careful(system) });
    for (const other of [attacker, sibling]) {
      const page = await press(begun, set('csrf', fieldsOf(other).get('csrf') ?? ''));
      expectStopped(system, page, 'other-browser', /not one we gave/);
      await begun.browser.get(at(begun, ''));
    }
    const tab = await beginConsent(system, { browser: begun.browser });
    const csrf = fieldsOf(tab).get('csrf') ?? '';
    await begun.browser.get(at(begun, ''));
    expectStopped(system, await press(begun, set('csrf', csrf)), 'other-browser', /not one we gave/);
    await begun.browser.get(at(begun, ''));
    await stillUndecided(begun);
  });

  const origins: [string, Record<string, string>][] = [
    ['Sec-Fetch-Site: cross-site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['Sec-Fetch-Site: same-site', { 'Sec-Fetch-Site': 'same-site' }],
    ['another Origin', { Origin: 'https://evil.test' }],
    ['Origin: null', { Origin: 'null' }],
    ['another port of this host', { Origin: 'http://localhost:1' }],
  ];
  it.each(origins)('from elsewhere (%s) decides nothing, even with the right csrf [W75]', async (_, headers) => {
    const begun = await fresh();
    expectStopped(system, await press(begun, undefined, headers), 'other-browser', /not one we gave/);
    await begun.browser.get(at(begun, ''));
    expect((await stageOf(begun))['at']).toBe('consenting');
    const page = await press(begun, undefined, { 'Sec-Fetch-Site': 'same-origin', Origin: 'null' });
    expect(page.location?.searchParams.has('code')).toBe(true);
  });

  it('by GET, as JSON, as text or as multipart decides nothing [W75]', async () => {
    const begun = await fresh();
    const fields = approval(begun);
    const Cookie = [...begun.browser.cookies(system.issuer)].map((pair) => pair.join('=')).join('; ');
    const send = async (init: RequestInit, query = ''): Promise<number> =>
      (await fetch(`${at(begun, '/consent')}${query}`, { redirect: 'manual', ...init, headers: { Cookie, ...init.headers } })).status;
    expect(await send({}, `?${fields.toString()}`)).toBe(404);
    const json = JSON.stringify(Object.fromEntries(fields));
    expect(await send({ method: 'POST', body: json, headers: { 'Content-Type': 'application/json' } })).toBe(400);
    expect(await send({ method: 'POST', body: json, headers: { 'Content-Type': 'text/plain' } })).toBe(400);
    const multipart = new FormData();
    for (const [name, value] of fields) multipart.append(name, value);
    expect(await send({ method: 'POST', body: multipart })).toBe(400);
    expect(await send({ method: 'PUT', body: fields })).toBe(404);
    await stillUndecided(begun);
  });

  it.each(['tenant', 'account', 'stop'])('cannot press /%s either [W75]', async (button) => {
    const begun = await fresh();
    const fields = new URLSearchParams({ tenant: 'globex', transaction: begun.id });
    const page = await begun.browser.post(at(begun, `/${button}`), fields);
    expectStopped(system, page, 'other-browser', /not one we gave/);
    const cross = new URLSearchParams(fields);
    await begun.browser.get(at(begun, ''));
    cross.set('csrf', fieldsOf(begun).get('csrf') ?? '');
    expect((await begun.browser.post(at(begun, `/${button}`), cross, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    await stillUndecided(begun);
  });

  it('cannot start a sign-in: going upstream takes the button of our page in this browser [W83] [W75] [S1.01]', async () => {
    const begun = await begin(system);
    const asked = system.alpha.count('/authorize');
    for (const fields of [{ transaction: begun.id }, { transaction: begun.id, csrf: 'A'.repeat(43) }]) {
      const page = await begun.browser.post(`${system.issuer}/login/alpha`, new URLSearchParams(fields));
      expect({ status: page.status, location: page.location }).toEqual({ status: 403, location: null });
    }
    expect((await begun.browser.get(`${system.issuer}/login/alpha?transaction=${begun.id}`)).status).toBe(404);
    expect(system.alpha.count('/authorize')).toBe(asked);
    await begun.browser.get(at(begun, ''));
    await begun.browser.submit({}, { form: '/login/alpha' });
    expect(system.alpha.count('/authorize')).toBe(asked + 1);
  });
});

describe('a form that was tampered with', () => {
  const bent: [string, (fields: URLSearchParams) => void][] = [
    ['decision twice', (fields) => fields.append('decision', 'approve')],
    ['decision both ways', (fields) => fields.append('decision', 'deny')],
    ['no decision', (fields) => fields.delete('decision')],
    ['another decision', (fields) => fields.set('decision', 'Approve')],
    ['no tenant', (fields) => fields.delete('shown_tenant')],
    ['tenant twice', (fields) => fields.append('shown_tenant', 'acme')],
    ['tenant as an array', (fields) => rename(fields, 'shown_tenant', 'shown_tenant[]')],
    ['tenant as an operator', (fields) => rename(fields, 'shown_tenant', 'shown_tenant[$ne]')],
  ];
  it.each(bent)('%s: 400 and nothing decided [W77] [W11] [W167]', async (_, change) => {
    const begun = await fresh();
    expectStopped(system, await press(begun, change), 'malformed-request', /decision|shown_tenant/);
    await stillUndecided(begun);
  });

  it.each(['initech', 'Acme', 'ACME', 'acme ', 'globex', '__proto__', '*', 'acme,globex', '507f1f77bcf86cd799439011'])(
    'the tenant "%s" is not the one on the page: asked again, no grant [W77]',
    async (tenant) => {
      const begun = await fresh();
      const page = await press(begun, (fields) => fields.set('shown_tenant', tenant));
      expect({ status: page.status, path: page.url.pathname }).toEqual({ status: 200, path: begun.path });
      expect(wordsOf(page.body)).toContain('is not what it was');
      expect((await stageOf(begun))['at']).toBe('consenting');
      await stillUndecided(begun);
      expect((await grantsOf(begun))[0]?.['tenantId']).toBe('acme');
    },
  );

  it.each(['initech', 'Acme', '__proto__'])('the picker takes no tenant the person is not in: "%s" [W77]', async (tenant) => {
    const begun = await fresh();
    const fields = fieldsOf(begun, '/tenant');
    fields.set('tenant', tenant);
    expectStopped(system, await begun.browser.post(at(begun, '/tenant'), fields), 'no-access', /does not belong to the tenant/);
    await stillUndecided(begun);
  });

  it.each([['admin'], ['write', 'admin'], ['read', 'READ'], ['*'], ['offline_access']])(
    'a scope nobody offered (%s) gives nothing [AB-12]',
    async (...scope) => {
      const begun = await fresh();
      const page = await press(begun, (fields) => {
        fields.delete('scope');
        for (const name of scope) fields.append('scope', name);
      });
      expect({ location: page.location, path: page.url.pathname }).toEqual({ location: null, path: begun.path });
      await stillUndecided(begun);
    },
  );

  it('a scope the client did not ask for, or the role does not allow, cannot be ticked into the form [AB-12]', async () => {
    const narrow = await fresh({ changes: { scope: 'read' } });
    const viewer = await fresh({ door: 'beta' });
    for (const begun of [narrow, viewer]) {
      const page = await press(begun, (fields) => fields.append('scope', 'write'));
      expect(page.location).toBeNull();
      expect(await grantsOf(begun)).toEqual([]);
      expect((await press(begun)).location?.searchParams.has('code')).toBe(true);
      expect((await grantsOf(begun))[0]?.['scope']).toEqual(['read']);
    }
  });

  it('nothing ticked is no approval', async () => {
    const begun = await fresh();
    const page = await press(begun, (fields) => fields.delete('scope'));
    expect(wordsOf(page.body)).toContain('Choose at least one thing');
    await stillUndecided(begun);
  });
});

describe('what was taken away while the page stood open', () => {
  const userOf = async (begun: Begun): Promise<string> => ((await stageOf(begun))['person'] as { userId: string }).userId;

  it('the membership shown: asked again for what is left, and never granted [W77]', async () => {
    const begun = await fresh();
    await putInto(system.engine, await userOf(begun), ['sales']);
    system.alpha.script = { claims: (honest) => ({ ...honest, groups: ['sales'] }) };
    // Only Globex is left, which asks for a second factor: that is asked for now, and this identity provider proves none.
    const page = await press(begun);
    expect(system.alpha.requests.findLast(({ path }) => path === '/authorize')?.query.get('acr_values')).toBe(alphaMfa);
    expectStopped(system, page, 'second-factor-unproven', /proved no second factor/);
    expect(await grantsOf(begun)).toEqual([]);
  });

  it('every membership: a page that says so [W77]', async () => {
    const begun = await fresh();
    const user = await userOf(begun);
    await putInto(system.engine, user, []);
    expectStopped(system, await press(begun), 'no-access', /belongs to no tenant/);
    expect(await grantsOf(begun)).toEqual([]);
  });

  it('part of the role: what it no longer allows is not granted [W77]', async () => {
    const begun = await fresh();
    const user = await userOf(begun);
    await putInto(system.engine, user, []);
    const viewer = [
      { role: RoleId.parse('viewer'), connectionId: ConnectionId.parse('alpha'), rule: 'by hand', source: 'assigned' as const },
    ];
    await openMemberships(system.engine, noFeed).resync(TenantId.parse('acme'), UserId.parse(user), ConnectionId.parse('alpha'), viewer);
    const page = await press(begun, (fields) => fields.append('scope', 'write'));
    expect(page.location).toBeNull();
    expect(wordsOf(page.body)).toMatch(/Not available: in Acme you are (a )?Viewer/);
    expect(await grantsOf(begun)).toEqual([]);
  });

  it('the person: disabled means no access at the next press [W77]', async () => {
    const begun = await fresh();
    const user = await userOf(begun);
    await system.engine.updateIf(users, user, {}, { set: { status: 'disabled' } }, 'after');
    expectStopped(system, await press(begun), 'no-access', /belongs to no tenant/);
    const again = await begin(system, { beforeCallback: true });
    expectStopped(system, await again.browser.get(await answerOf(again)), 'no-access', /user is disabled/);
    await system.engine.updateIf(users, user, {}, { set: { status: 'active' } }, 'after');
    expect(await grantsOf(begun)).toEqual([]);
  });
});

describe('a client withdrawn in the middle', () => {
  const another = () => register(system, { client_name: `Withdrawn ${(names += 1)}` });

  async function withdraw({ client }: Pick<Begun, 'client'>): Promise<void> {
    const id = clientKey(client.client_id);
    const row = { id, client_id: client.client_id, client_name: 'x', addedBy: 'admin', addedAt: 1, usedAt: 1, status: 'withdrawn' };
    if ((await system.engine.insert(seenClients, row)) === 'duplicate')
      await system.engine.updateIf(seenClients, id, {}, { set: { status: 'withdrawn' } }, 'after');
  }
  const refusedNow = (page: Page): void => {
    expect(page.status).toBe(403);
    expectStopped(system, page, 'app-withdrawn', /client was withdrawn/);
  };

  it('stops before a door is opened, and a new request does not begin [W21]', async () => {
    const begun = await begin(system, { client: await another() });
    const asked = system.alpha.count('/authorize');
    await withdraw(begun);
    refusedNow(await begun.browser.submit({}, { form: '/login/alpha' }));
    expect(system.alpha.count('/authorize')).toBe(asked);
    refusedNow(await begun.browser.get(at(begun, '')));
    refusedNow(await begun.browser.get(authorizeUrl(system, begun.client, begun.pkce)));
  });

  it('stops when the answer comes back, before it is exchanged [W21]', async () => {
    const begun = await begin(system, { client: await another(), beforeCallback: true });
    const answer = await answerOf(begun);
    const calls = system.alpha.count('/token');
    await withdraw(begun);
    refusedNow(await begun.browser.get(answer));
    expect(system.alpha.count('/token')).toBe(calls);
  });

  it('stops at the press of Approve, and no grant comes to be [W21]', async () => {
    const begun = await beginConsent(system, { client: await another() });
    await withdraw(begun);
    refusedNow(await press(begun));
    expect(await grantsOf(begun)).toEqual([]);
    expect(await eventsOf(begun)).toEqual(['login.succeeded']);
  });

  it('stops a code that is out, and the tab that would deliver it again [W21]', async () => {
    const begun = await beginConsent(system, { client: await another() });
    const code = (await press(begun)).location?.searchParams.get('code') ?? '';
    await withdraw(begun);
    await announce(system, { kind: 'client', key: begun.client.client_id });
    refusedNow(await begun.browser.get(at(begun, '')));
    const { client_id, redirect_uri } = begun.client;
    const answer = await redeem(system, { client_id, code, code_verifier: begun.pkce.code_verifier, redirect_uri });
    expect(await answer.json()).toMatchObject({ error: 'invalid_client' });
    expect((await grantsOf(begun)).map((row) => row['stage'])).toEqual(['coded']);
  });
});

describe('one decision', () => {
  const codeOf = (page: Page): string | null => page.location?.searchParams.get('code') ?? null;

  it('pressed twice gives the same code again, and one grant [W79]', async () => {
    const begun = await fresh();
    const fields = approval(begun);
    const first = await begun.browser.post(at(begun, '/consent'), fields);
    const second = await begun.browser.post(at(begun, '/consent'), fields);
    const back = await begun.browser.get(at(begun, ''));
    expect(codeOf(first)).toMatch(/^db_ac_/);
    expect([codeOf(second), codeOf(back)]).toEqual([codeOf(first), codeOf(first)]);
    expect(await grantsOf(begun)).toHaveLength(1);
    expect(await eventsOf(begun)).toEqual(['login.succeeded', 'consent.approved']);
  });

  it('pressed 20 times at once gives one grant, one record and one code [W79] [W185]', async () => {
    for (let round = 0; round < 3; round += 1) {
      const begun = await fresh();
      const fields = approval(begun);
      const Cookie = [...begun.browser.cookies(system.issuer)].map((pair) => pair.join('=')).join('; ');
      const answers = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const pressed = await fetch(at(begun, '/consent'), { method: 'POST', body: fields, headers: { Cookie }, redirect: 'manual' });
          const next = await fetch(new URL(pressed.headers.get('location') ?? '', system.issuer), {
            headers: { Cookie },
            redirect: 'manual',
          });
          return new URL(next.headers.get('location') ?? 'about:blank').searchParams.get('code');
        }),
      );
      expect(new Set(answers).size).toBe(1);
      expect(answers[0]).toMatch(/^db_ac_/);
      expect(await grantsOf(begun)).toHaveLength(1);
      expect(await eventsOf(begun)).toEqual(['login.succeeded', 'consent.approved']);
    }
  });

  it('pressed both ways at once is one of the two for good [W79]', async () => {
    const begun = await fresh();
    const no = approval(begun, (fields) => fields.set('decision', 'deny'));
    const yes = approval(begun);
    const Cookie = [...begun.browser.cookies(system.issuer)].map((pair) => pair.join('=')).join('; ');
    const send = (body: URLSearchParams) => fetch(at(begun, '/consent'), { method: 'POST', body, headers: { Cookie }, redirect: 'manual' });
    await Promise.all(Array.from({ length: 20 }, (_, index) => send(index % 2 === 0 ? yes : no)));
    const decided = (await eventsOf(begun)).filter((event) => event !== 'login.succeeded');
    expect(decided).toHaveLength(1);
    expect(await grantsOf(begun)).toHaveLength(decided[0] === 'consent.approved' ? 1 : 0);
  });

  it('approved stays approved when Deny is pressed afterwards, and the other way round [W79]', async () => {
    const yes = await fresh();
    const no = approval(yes, (fields) => fields.set('decision', 'deny'));
    const code = codeOf(await press(yes));
    const late = await yes.browser.post(at(yes, '/consent'), no);
    expect({ status: late.status, location: late.location }).toEqual({ status: 200, location: null });
    expect(wordsOf(late.body)).toContain('You already approved this');
    expect(late.body).not.toContain(code ?? 'db_ac_');
    expect((await grantsOf(yes)).map((row) => row['stage'])).toEqual(['coded']);

    const refused = await fresh();
    const approve = approval(refused);
    await refused.browser.submit({}, { form: '/consent', press: 'Deny' });
    const tooLate = await refused.browser.post(at(refused, '/consent'), approve);
    expect(wordsOf(tooLate.body)).toContain('You already said no');
    expect(await grantsOf(refused)).toEqual([]);
  });

  it('Deny is access_denied with state and iss at the client, once each, and no grant [CH-04] [S1.08]', async () => {
    const begun = await fresh({ changes: { state: 'a/b+c=?&d' } });
    const { location } = await begun.browser.submit({}, { form: '/consent', press: 'Deny' });
    expect([...(location?.searchParams ?? [])]).toEqual([
      ['error', 'access_denied'],
      ['state', 'a/b+c=?&d'],
      ['iss', system.issuer],
    ]);
    expect(await grantsOf(begun)).toEqual([]);
    expect(await eventsOf(begun)).toEqual(['login.succeeded', 'consent.denied']);
    expect(await system.engine.get(seenClients, clientKey(begun.client.client_id))).toBeNull();
  });

  it('two tabs with two tenants are two grants, each with its own [W79] [S2.06]', async () => {
    const first = await fresh();
    const second = await fresh({ browser: first.browser, door: 'beta' });
    const initech = codeOf(await press(second));
    await first.browser.get(at(first, ''));
    const acme = codeOf(await press(first));
    expect(acme).not.toBe(initech);
    expect((await grantsOf(first)).map((row) => row['tenantId'])).toEqual(['acme']);
    expect((await grantsOf(second)).map((row) => row['tenantId'])).toEqual(['initech']);
  });
});

describe('somebody who did not start it', () => {
  it('stops it, and then nothing moves it on: no page, no press, no answer [W79]', async () => {
    const begun = await begin(system, { beforeCallback: true });
    await begun.browser.get(at(begun, ''));
    const sheet = fieldsOf(begun, '/stop');
    const answer = await answerOf(begun);
    const page = await begun.browser.post(at(begun, '/stop'), sheet);
    expect(page.status).toBe(200);
    expectStopped(system, page, 'stopped-by-person', /did not start this/);
    expect((await stageOf(begun))['at']).toBe('stopped');
    expect((await begun.browser.get(answer)).status).toBe(410);
    expect((await begun.browser.get(at(begun, ''))).forms).toEqual([]);
    sheet.set('decision', 'approve');
    sheet.set('shown_tenant', 'acme');
    await begun.browser.post(at(begun, '/consent'), sheet);
    expect((await begun.browser.post(`${system.issuer}/login/alpha`, sheet)).status).toBe(410);
    expect((await stageOf(begun))['at']).toBe('stopped');
  });

  it('cannot unsay what was answered', async () => {
    const begun = await fresh();
    const sheet = fieldsOf(begun);
    const code = codeIn(await press(begun));
    expect(codeIn(await begun.browser.post(at(begun, '/stop'), sheet))).toBe(code);
    expect((await stageOf(begun))['at']).toBe('approved');
  });
  const codeIn = (page: Page): string | null => page.location?.searchParams.get('code') ?? null;

  it("sees and decides nothing of another person's transaction, whatever csrf and cookie they bring [W80] [S1.06] [S9.03]", async () => {
    const victim = await fresh({ changes: { state: 'VICTIMSTATE' } });
    const attacker = await fresh();
    const page = await attacker.browser.get(at(victim, ''));
    expectStopped(system, page, 'other-browser', /another browser/);
    for (const word of ['Ana Anders', 'ana@corp.example', 'VICTIMSTATE', victim.id]) expect(page.body).not.toContain(word);
    await attacker.browser.get(at(attacker, ''));
    for (const csrf of [fieldsOf(attacker).get('csrf') ?? '', fieldsOf(victim).get('csrf') ?? '']) {
      const fields = approval(victim, (sent) => sent.set('csrf', csrf));
      const pressed = await attacker.browser.post(at(victim, '/consent'), fields);
      expect({ status: pressed.status, location: pressed.location }).toEqual({ status: 403, location: null });
    }
    const bare = await fetch(at(victim, '/consent'), { method: 'POST', body: approval(victim), redirect: 'manual' });
    expect(bare.status).toBe(403);
    await stillUndecided(victim);
  });

  it('comes too late after ten minutes, however many requests came before', async () => {
    const begun = await fresh();
    system.clock.advance(599_000 - 60_000);
    expect((await begun.browser.get(at(begun, ''))).status).toBe(200);
    const fields = approval(begun);
    system.clock.advance(61_000);
    expectStopped(system, await begun.browser.post(at(begun, '/consent'), fields), 'expired', /unknown or expired/);
    expect(await grantsOf(begun)).toEqual([]);
    expect(await countOf(system, transactions)).toBeGreaterThan(0);
  });
});

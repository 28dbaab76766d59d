import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditEvents, grants, memberships, users } from '../../src/stores/collections.ts';
import { administered, ask, signInAs } from '../support/administration.ts';
import { callTool, login, refresh } from '../support/client.ts';
import type { SignedIn } from '../support/client.ts';
import { grantOf } from '../support/codes.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

let system: System;
let [acme, initech, platform] = ['', '', ''];
/** Ids of the people by what they sign in as. */
const ids: Record<string, string> = {};
let bob: SignedIn;

beforeAll(async () => {
  system = await startSystem({ configure: administered });
  acme = (await signInAs(system, 'admin of acme')).tokens.access_token;
  initech = (await signInAs(system, 'admin of initech')).tokens.access_token;
  platform = (await signInAs(system, 'platform')).tokens.access_token;
  bob = await login(system, { login: 'bob', tenant: 'acme', scope: ['read'] });
  const rows = await system.engine.page(users);
  for (const { id, email } of rows) ids[String(email).split('@')[0] ?? ''] = id;
});
afterAll(() => system.close());

interface Member {
  readonly userId: string;
  readonly status: string;
  readonly version: number;
  readonly roles: readonly { readonly role: string; readonly source: string; readonly rule: string; readonly expiresAt: number | null }[];
}

const at = (tenant: string, who: string, more = '') => `/tenants/${tenant}/members/${ids[who] ?? who}${more}`;
const memberAt = async (tenant: string, who: string, token = platform) =>
  (await ask(system, 'GET', at(tenant, who), { token })).body as Member;
const give = (token: string, path: string, body: unknown = { connection: 'demo' }, headers = {}) =>
  ask(system, 'PUT', path, { token, body, headers });
const take = (token: string, path: string, headers = {}) => ask(system, 'DELETE', path, { token, headers });
const decide = (token: string, path: string) => ask(system, 'POST', path, { token });
const rolesOf = ({ roles }: Member) => roles.map(({ role, source }) => `${role} by ${source}`).sort();

/** Everything that decides about people, as it is stored. */
const rows = async () =>
  JSON.stringify(await Promise.all([memberships, users, grants].map((collection) => system.engine.page(collection))));

const eventsOf = async (event: string) =>
  (await system.engine.page(auditEvents, { limit: 1000 }))
    .map((row) => row['event'] as Record<string, unknown>)
    .filter((each) => each['event'] === event);

describe('who is in a tenant', () => {
  it('is listed page by page, each person once, with the rule behind every role', async () => {
    const seen: Member[] = [];
    for (let after = ''; ;) {
      const { status, body } = await ask(system, 'GET', `/tenants/acme/members?limit=1${after === '' ? '' : `&after=${after}`}`, {
        token: acme,
      });
      expect(status).toBe(200);
      const page = body as { items: Member[]; next: string | null };
      expect(page.items.length).toBeLessThanOrEqual(1);
      seen.push(...page.items);
      if (page.next === null) break;
      after = page.next;
    }
    expect(new Set(seen.map(({ userId }) => userId))).toEqual(new Set(['alice', 'bob', 'carol'].map((who) => ids[who])));
    expect(seen).toHaveLength(3);
    expect(seen.find(({ userId }) => userId === ids['bob'])?.roles).toEqual([
      { role: 'viewer', connectionId: 'demo', source: 'rule', rule: 'rule 3: group sales gives viewer', expiresAt: null },
    ]);
    const { body } = await ask(system, 'GET', '/tenants/acme/members?role=viewer', { token: acme });
    expect((body as { items: Member[] }).items.map(({ userId }) => userId)).toEqual([ids['bob']]);
  });

  it('who belongs elsewhere is not there, whatever is asked of them, and nothing changes [W120] [W72]', async () => {
    const before = await rows();
    const erin = ids['erin'] ?? '';
    const answers = [
      await ask(system, 'GET', at('acme', 'erin'), { token: acme }),
      await ask(system, 'GET', at('acme', 'u_nobody'), { token: acme }),
      await ask(system, 'GET', at('initech', 'erin'), { token: acme }),
      await give(acme, at('acme', 'erin', '/roles/viewer')),
      await give(acme, at('initech', 'erin', '/roles/viewer')),
      await give(acme, at('acme', 'bob', '/roles/nonsense')),
      await take(acme, at('acme', 'erin', '/roles/viewer')),
      await decide(acme, at('acme', 'erin', '/disable')),
      await decide(acme, at('acme', 'erin', '/enable')),
      await decide(initech, at('initech', 'alice', '/disable')),
      await ask(system, 'DELETE', `/tenants/acme/grants/${'x'.repeat(22)}`, { token: acme }),
      await ask(system, 'GET', '/tenants/initech/rules/history', { token: acme }),
      await ask(system, 'POST', '/tenants/initech/connections/demo/test', { token: acme }),
      await ask(system, 'POST', '/tenants/acme/connections/nobody/test', { token: acme }),
      await ask(system, 'GET', '/policy/revisions/999', { token: platform }),
      await ask(system, 'POST', '/policy/revisions/999/preview', { token: platform }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    const details = new Set(answers.map(({ body }) => (body as { detail: string }).detail));
    expect([details.size, await rows()]).toEqual([1, before]);
    expect(JSON.stringify(answers)).not.toContain(erin);
  });
});

describe('a role by hand', () => {
  it('counts at once, beside what the rules give, says who gave it, and ends when it is to', async () => {
    const asEditor = async () =>
      (await login(system, { login: 'bob', tenant: 'acme', scope: ['read', 'write'] }).catch(() => null))?.tokens.scope;
    expect(await asEditor()).toBe(undefined);
    const expiresAt = system.clock.now() + 3_600_000;
    const given = await give(acme, at('acme', 'bob', '/roles/editor'), { connection: 'demo', expiresAt });
    expect([given.status, given.headers.get('ETag'), rolesOf(given.body as Member)]).toEqual([
      200,
      '"1"',
      ['editor by assigned', 'viewer by rule'],
    ]);
    expect((given.body as Member).roles).toContainEqual({
      role: 'editor',
      connectionId: 'demo',
      source: 'assigned',
      rule: `assigned by ${ids['alice']}`,
      expiresAt,
    });
    expect(await asEditor()).toBe('read write');
    expect(await give(acme, at('acme', 'bob', '/roles/editor'), { connection: 'demo', expiresAt })).toMatchObject({
      status: 200,
      body: { version: 1 },
    });
    expect(await eventsOf('role.assigned')).toEqual([
      expect.objectContaining({ userId: ids['bob'], tenantId: 'acme', adminId: ids['alice'], role: 'editor' }),
    ]);
    system.clock.advance(3_600_001);
    expect(rolesOf(await memberAt('acme', 'bob', (await signInAs(system, 'platform')).tokens.access_token))).toEqual(['viewer by rule']);
    system.clock.advance(-3_600_001);
    const taken = await take(acme, at('acme', 'bob', '/roles/editor'));
    expect([taken.status, rolesOf(taken.body as Member)]).toEqual([200, ['viewer by rule']]);
    expect((await take(acme, at('acme', 'bob', '/roles/editor'))).status).toBe(200);
    expect(await eventsOf('role.taken')).toHaveLength(1);
  });

  it('one that the rules give goes with the rules', async () => {
    expect(await take(acme, at('acme', 'bob', '/roles/viewer'))).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('rules') },
    });
  });

  it('is for a sign-in the person has, and for a time to come', async () => {
    expect((await give(acme, at('acme', 'bob', '/roles/editor'), { connection: 'other' })).status).toBe(409);
    expect((await give(acme, at('acme', 'bob', '/roles/editor'), { connection: 'demo', expiresAt: 1 })).status).toBe(400);
  });

  it('two who change it at once do not undo each other: a version that is over is told so [W124]', async () => {
    const { version } = await memberAt('acme', 'bob');
    const ifMatch = { 'If-Match': `"${version}"` };
    const both = await Promise.all([
      give(acme, at('acme', 'bob', '/roles/editor'), { connection: 'demo' }, ifMatch),
      give(platform, at('acme', 'bob', '/roles/platform'), { connection: 'demo' }, ifMatch),
    ]);
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 412]);
    expect((await take(acme, at('acme', 'bob', '/roles/editor'), ifMatch)).status).toBe(412);
    expect((await take(acme, at('acme', 'bob', '/roles/editor'), { 'If-Match': 'W/"1"' })).status).toBe(400);
    for (const role of ['editor', 'platform']) await take(platform, at('acme', 'bob', `/roles/${role}`));
    expect(rolesOf(await memberAt('acme', 'bob'))).toEqual(['viewer by rule']);
  });

  it('nobody gives or takes more than they have, to themselves neither, and platform is not a tenant’s to give [W73]', async () => {
    const before = await rows();
    for (const who of ['alice', 'bob']) expect((await give(acme, at('acme', who, '/roles/platform'))).status).toBe(403);
    expect(await rows()).toBe(before);
    expect((await give(platform, at('acme', 'bob', '/roles/platform'))).status).toBe(200);
    expect((await take(acme, at('acme', 'bob', '/roles/platform'))).status).toBe(403);
    expect((await decide(acme, at('acme', 'bob', '/disable'))).status).toBe(403);
    expect((await take(platform, at('acme', 'bob', '/roles/platform'))).status).toBe(200);
  });

  it('a platform role in another tenant than the one that counts opens no other tenant [W73]', async () => {
    expect((await give(platform, at('initech', 'erin', '/roles/platform'))).status).toBe(200);
    expect((await ask(system, 'GET', '/tenants/acme', { token: initech })).status).toBe(404);
    expect((await ask(system, 'GET', '/clients', { token: initech })).status).toBe(403);
    expect((await take(platform, at('initech', 'erin', '/roles/platform'))).status).toBe(200);
  });
});

describe('members nobody declared are refused, and the rows stay as they are [W121]', () => {
  it.each([
    'role',
    'tenantId',
    'userId',
    'source',
    'rule',
    'platformAdmin',
    'version',
    '_id',
    '__v',
    '$set',
    'roles.0.role',
    'constructor',
  ])('%s', async (name) => {
    const before = await rows();
    const { status } = await give(acme, at('acme', 'bob', '/roles/editor'), { connection: 'demo', [name]: 'admin' });
    expect([status, await rows()]).toEqual([400, before]);
  });

  it('__proto__, a list, a text, nothing, another type, and a body where none belongs', async () => {
    const before = await rows();
    const path = at('acme', 'bob', '/roles/editor');
    for (const body of [
      '{"connection":"demo","__proto__":{"x":1}}',
      '{"connection":"demo","connection":"other"}',
      '[]',
      '"x"',
      'null',
      '{',
    ]) {
      expect([body, (await give(acme, path, body)).status]).toEqual([body, 400]);
    }
    expect((await give(acme, path, '{"connection":"demo"}', { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await ask(system, 'DELETE', path, { token: acme, body: {} })).status).toBe(400);
    expect((await ask(system, 'POST', at('acme', 'bob', '/disable'), { token: acme, body: { status: 'active' } })).status).toBe(400);
    expect(await rows()).toBe(before);
  });
});

describe('the last administrator', () => {
  it('of a tenant is neither disabled nor stripped, by whomever [W73]', async () => {
    const before = await rows();
    for (const token of [initech, platform]) {
      expect(await decide(token, at('initech', 'erin', '/disable'))).toMatchObject({
        status: 409,
        body: { detail: expect.stringContaining('without an administrator') },
      });
    }
    expect(await rows()).toBe(before);
  });

  it('by hand alone is one, too: of two who take each other’s at the same moment one stays [W73] [W124]', async () => {
    // Initech has no administrator by rule here, and two by hand.
    await system.restart((config) => ({
      ...config,
      tenants: config.tenants.map((tenant) =>
        tenant.id === 'initech'
          ? { ...tenant, rules: tenant.rules.map((rule) => ({ ...rule, role: 'viewer' as typeof rule.role })) }
          : tenant,
      ),
    }));
    for (const who of ['erin', 'bob']) expect((await give(platform, at('initech', who, '/roles/admin'))).status).toBe(200);
    const both = await Promise.all(['erin', 'bob'].map((who) => take(platform, at('initech', who, '/roles/admin'))));
    expect(both.map(({ status }) => status)).toContain(409);
    const left = await Promise.all(['erin', 'bob'].map(async (who) => rolesOf(await memberAt('initech', who))));
    expect(left.flat()).toContain('admin by assigned');
    await system.restart(administered);
    for (const who of ['erin', 'bob']) await take(platform, at('initech', who, '/roles/admin'));
  });
});

describe('somebody disabled', () => {
  it('is out at once, everything they granted is over, and being enabled brings none of it back [W128]', async () => {
    const who = await login(system, { login: 'bob', tenant: 'acme', scope: ['read'] });
    expect((await callTool(system, who.tokens.access_token, 'whoami')).status).toBe(200);
    const out = await decide(acme, at('acme', 'bob', '/disable'));
    expect([out.status, (out.body as Member).status]).toEqual([200, 'disabled']);
    expect((await callTool(system, who.tokens.access_token, 'whoami')).status).toBe(401);
    expect((await refresh(system, who.client, who.tokens.refresh_token)).status).toBe(400);
    expect(await eventsOf('user.disabled')).toEqual([expect.objectContaining({ userId: ids['bob'], adminId: ids['alice'] })]);
    expect((await eventsOf('grant.ended')).at(-1)).toMatchObject({ userId: ids['bob'], adminId: ids['alice'] });
    expect((await decide(acme, at('acme', 'bob', '/disable'))).status).toBe(200);
    expect(await eventsOf('user.disabled')).toHaveLength(1);
    const back = await decide(acme, at('acme', 'bob', '/enable'));
    expect([back.status, (back.body as Member).status]).toEqual([200, 'active']);
    expect((await callTool(system, who.tokens.access_token, 'whoami')).status).toBe(401);
    expect(await grantOf(system, who)).toMatchObject({ stage: 'ended' });
    bob = await login(system, { login: 'bob', tenant: 'acme', scope: ['read'] });
    expect((await callTool(system, bob.tokens.access_token, 'whoami')).status).toBe(200);
  });

  it('who belongs to another tenant too is not one tenant’s to disable', async () => {
    expect((await give(platform, at('initech', 'bob', '/roles/viewer'))).status).toBe(200);
    expect((await decide(acme, at('acme', 'bob', '/disable'))).status).toBe(409);
    expect((await decide(platform, at('acme', 'bob', '/disable'))).status).toBe(200);
    expect((await decide(platform, at('acme', 'bob', '/enable'))).status).toBe(200);
    expect((await take(platform, at('initech', 'bob', '/roles/viewer'))).status).toBe(200);
  });
});

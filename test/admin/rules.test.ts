import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConnectionId } from '../../src/domain/ids.ts';
import { auditEvents, policyRevisions, users } from '../../src/stores/collections.ts';
import { openGroupNames } from '../../src/stores/group-names.ts';
import { openPolicies } from '../../src/stores/policies.ts';
import { administered, ask, signInAs } from '../support/administration.ts';
import { callTool, login } from '../support/client.ts';
import type { SignedIn } from '../support/client.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

let system: System;
let [acme, initech, platform] = ['', '', ''];
let bob: SignedIn;

beforeAll(async () => {
  system = await startSystem({ configure: administered });
  acme = (await signInAs(system, 'admin of acme')).tokens.access_token;
  initech = (await signInAs(system, 'admin of initech')).tokens.access_token;
  platform = (await signInAs(system, 'platform')).tokens.access_token;
  bob = await login(system, { login: 'bob', tenant: 'acme', scope: ['read'] });
});
afterAll(() => system.close());

type Rule = Readonly<Record<string, unknown>>;
interface Rules {
  readonly revision: number;
  readonly rules: readonly Rule[];
  readonly defaultRole: string | null;
}

const rulesOf = async (token = acme, tenant = 'acme') => (await ask(system, 'GET', `/tenants/${tenant}/rules`, { token })).body as Rules;
const put = async (rules: readonly Rule[], { token = acme, tenant = 'acme', after = null as number | null, more = {} } = {}) => {
  const revision = after ?? (await rulesOf(platform, tenant)).revision;
  return ask(system, 'PUT', `/tenants/${tenant}/rules`, { token, body: { rules, ...more }, headers: { 'If-Match': `"${revision}"` } });
};
const preview = (rules: readonly Rule[], { token = acme, tenant = 'acme', more = {} } = {}) =>
  ask(system, 'POST', `/tenants/${tenant}/rules/preview`, { token, body: { rules, ...more } });
const works = async ({ tokens }: SignedIn) => (await callTool(system, tokens.access_token, 'whoami')).status;
const revisions = async () => (await system.engine.page(policyRevisions)).length;

describe('the rules of a tenant', () => {
  it('are told as they are written, with the revision they are of', async () => {
    const { status, headers, body } = await ask(system, 'GET', '/tenants/acme/rules', { token: acme });
    expect([status, headers.get('ETag')]).toEqual([200, '"1"']);
    expect(body).toMatchObject({ revision: 1, source: 'start', defaultRole: null });
    expect((body as Rules).rules).toContainEqual({ group: 'sales', role: 'viewer' });
    expect((await ask(system, 'GET', '/tenants/acme/rules', { token: initech })).status).toBe(404);
  });

  it('are tried before: who would lose what, by name, and nothing is written', async () => {
    const before = [await revisions(), JSON.stringify(await rulesOf())];
    const { status, body } = await preview((await rulesOf()).rules.filter(({ group }) => group !== 'sales'));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      revision: 1,
      losing: 1,
      cut: { grants: 1, isAll: true },
      counts: { losesAccess: 1, gainsAccess: 0 },
      youLose: false,
    });
    expect((body as { examples: unknown[] }).examples).toEqual([
      expect.objectContaining({ change: 'losesAccess', name: 'Bob Baker', roles: { gained: [], lost: ['viewer'] } }),
    ]);
    expect([await revisions(), JSON.stringify(await rulesOf())]).toEqual(before);
  });

  it('bite everywhere at once, as soon as what was agreed to is what happens', async () => {
    const { rules } = await rulesOf();
    const without = rules.filter(({ group }) => group !== 'sales');
    expect(await works(bob)).toBe(200);
    expect(await put(without, { more: { losing: 0 } })).toMatchObject({ status: 409 });
    const done = await put(without, { more: { losing: 1, note: 'sales moved' } });
    expect([done.status, done.headers.get('ETag'), done.body]).toEqual([
      200,
      '"2"',
      expect.objectContaining({ revision: 2, source: 'administrator', rules: without }),
    ]);
    expect((await openPolicies(system.engine).get(2))?.note).toBe('sales moved');
    await wait(2_000);
    expect(await works(bob)).toBe(401);
    const events = (await system.engine.page(auditEvents, { limit: 1000 })).map((row) => row['event'] as Record<string, unknown>);
    expect(events.filter(({ event }) => event === 'policy.changed').at(-1)).toMatchObject({
      tenantId: 'acme',
      adminId: expect.stringMatching(/^u_/),
      revision: 2,
    });
    expect((await put(rules, { more: { losing: 0 } })).status).toBe(200);
    await wait(2_000);
    expect(await works(bob)).toBe(200);
  });
});

describe('the lab', () => {
  const lab = (body: unknown, token = acme, tenant = 'acme') => ask(system, 'POST', `/tenants/${tenant}/lab`, { token, body });

  it('says what a pasted list of groups comes to, rule by rule, and what tools that is', async () => {
    const { status, body } = await lab({ imagined: { connection: 'demo', groups: ['sales', 'nobody-knows'] } });
    expect([status, body]).toEqual([
      200,
      {
        items: [
          {
            roles: [{ role: 'viewer', rule: 'rule 3: group sales gives viewer', expiresAt: null }],
            denied: [],
            trace: [
              expect.objectContaining({ rule: 1, fits: 'no' }),
              expect.objectContaining({ fits: 'no' }),
              expect.objectContaining({ rule: 3, fits: 'yes' }),
            ],
            permissions: ['notes:read'],
            isAdministrator: false,
            resources: [{ resource: 'notes', scopes: ['read'], tools: ['whoami', 'list_notes'], ownTools: [] }],
          },
        ],
      },
    ]);
    const unknown = await lab({ imagined: { connection: 'demo' } });
    expect(unknown).toMatchObject({
      body: { items: [{ roles: [], trace: [{ fits: 'unknown' }, { fits: 'unknown' }, { fits: 'unknown' }] }] },
    });
  });

  it('says what groups are called beside their ids, for imagined people and real ones', async () => {
    const names = openGroupNames(system.engine, system.clock);
    names.note(ConnectionId.parse('demo'), new Map([['sales', 'Sales people']]));
    await names.settled();
    const words = { items: [{ roles: [{ rule: 'rule 3: group Sales people (sales) gives viewer' }] }] };
    expect((await lab({ imagined: { connection: 'demo', groups: ['sales'] } })).body).toMatchObject(words);
    const [bobs] = (await system.engine.page(users)).filter(({ email }) => String(email).startsWith('bob'));
    expect((await lab({ user: bobs?.id })).body).toMatchObject(words);
  });

  it('says the same of a person as they have, and nothing of who is not here [W120]', async () => {
    const of = async (who: string) => (await system.engine.page(users)).find(({ email }) => String(email).startsWith(who))?.id;
    const { body } = await lab({ user: await of('bob') });
    expect(body).toMatchObject({ items: [{ roles: [{ role: 'viewer' }] }] });
    for (const who of [await of('erin'), 'u_nobody']) expect((await lab({ user: who })).status).toBe(404);
    expect((await lab({ imagined: { connection: 'elsewhere' } })).status).toBe(404);
    expect((await lab({ user: 'u', imagined: { connection: 'demo' } })).status).toBe(400);
  });
});

describe('what is refused, with the history as it was', () => {
  it('an old revision, none at all, and all but one of two who write at once [W124]', async () => {
    const { rules, revision } = await rulesOf();
    const count = await revisions();
    expect((await put(rules, { after: revision - 1 })).status).toBe(412);
    expect((await ask(system, 'PUT', '/tenants/acme/rules', { token: acme, body: { rules } })).status).toBe(428);
    expect(await revisions()).toBe(count);
    const both = await Promise.all(['one', 'two'].map((group) => put([...rules, { group, role: 'viewer' }], { after: revision })));
    expect(both.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 412]);
    expect(await revisions()).toBe(count + 1);
    expect((await put(rules)).status).toBe(200);
  });

  it('more than one’s own, to oneself or anybody, given, taken or no longer denied [W73]', async () => {
    const { rules } = await rulesOf();
    const count = await revisions();
    const wider: readonly (readonly Rule[])[] = [
      [...rules, { group: 'eng', role: 'platform' }],
      rules.filter(({ role }) => role !== 'platform'),
      rules.map((rule) => (rule['role'] === 'platform' ? { ...rule, group: 'eng' } : rule)),
      [...rules, { group: 'eng', deny: 'platform' }],
      [...rules, { group: 'it-admins', deny: '*' }],
    ];
    for (const changed of wider) expect([changed, (await put(changed)).status]).toEqual([changed, 403]);
    expect((await put(rules, { more: { defaultRole: 'platform' } })).status).toBe(403);
    expect(await revisions()).toBe(count);
  });

  it('leaving nobody to administer, oneself included, unless platform says so [W73]', async () => {
    const { rules } = await rulesOf(initech, 'initech');
    const count = await revisions();
    const nobody = rules.map((rule) => ({ ...rule, role: 'viewer' }));
    const at = { tenant: 'initech', token: initech };
    expect((await preview(nobody, at)).body).toMatchObject({ leavesWithoutAdministrator: true, youLose: true });
    expect((await put(nobody, at)).status).toBe(409);
    expect((await put(nobody, { ...at, more: { mayLockOut: true } })).status).toBe(403);
    expect(await revisions()).toBe(count);
    expect((await put(nobody, { tenant: 'initech', token: platform, more: { mayLockOut: true } })).status).toBe(200);
    expect((await put(rules, { tenant: 'initech', token: platform })).status).toBe(200);
  });

  it('rules that are none: each problem is named [W121] [W125]', async () => {
    const count = await revisions();
    for (const rule of [
      { group: 'x', role: 'nonsense' },
      { role: 'viewer' },
      { group: 'x', role: 'viewer', $where: '1' },
      { group: 'a*'.repeat(20), role: 'viewer' },
      { group: 'x'.repeat(400), role: 'viewer' },
    ]) {
      const { status, body } = await put([rule as Rule]);
      expect([rule, status]).toEqual([rule, 400]);
      expect((body as { errors: unknown[] }).errors.length).toBeGreaterThan(0);
    }
    expect((await put((await rulesOf()).rules, { more: { tenants: [] } })).status).toBe(400);
    expect(await revisions()).toBe(count);
  });

  it('another tenant’s, and people of another tenant by name [W120]', async () => {
    const { rules } = await rulesOf();
    const erin = (await system.engine.page(users)).find(({ email }) => String(email).startsWith('erin'));
    const added = [...rules, { group: 'support', role: 'viewer' }];
    const own = await preview(added);
    expect(own).toMatchObject({ status: 200, body: { counts: { gainsAccess: 1 }, examples: [] } });
    expect(JSON.stringify(own.body)).not.toContain(String(erin?.id));
    expect(JSON.stringify((await preview(added, { token: platform })).body)).toContain(String(erin?.id));
    expect((await put([], { tenant: 'initech' })).status).toBe(404);
    expect((await preview([], { tenant: 'initech' })).status).toBe(404);
  });

  it('any change here where the reviewed file alone makes rules', async () => {
    await system.restart((config) => ({ ...config, administration: { ...config.administration, rulesByFileOnly: true } }));
    const { rules } = await rulesOf();
    expect((await preview(rules)).status).toBe(200);
    expect(await put(rules)).toMatchObject({ status: 409, body: { detail: expect.stringContaining('file') } });
    await system.restart(administered);
  });
});

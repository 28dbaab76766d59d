/** What was in force when, and putting it back: by whoever looks after all tenants, and as far as one tenant may know. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { policyOf } from '../../src/config/policy.ts';
import type { CollectionDeclaration, DocumentEngine } from '../../src/ports/document-engine.ts';
import { auditEvents, identities, policyDocuments, policyRevisions } from '../../src/stores/collections.ts';
import { openPolicies } from '../../src/stores/policies.ts';
import { administered, ask, signInAs } from '../support/administration.ts';
import { callTool, claimsOf, login } from '../support/client.ts';
import type { SignedIn } from '../support/client.ts';
import { announce } from '../support/past-the-broker.ts';
import { putInto } from '../support/roles-now.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

let system: System;
let [acme, initech, platform] = ['', '', ''];
let bob: SignedIn;

type Rule = Readonly<Record<string, unknown>>;
interface Entry {
  readonly revision: number;
  readonly source: string;
  readonly by: string | null;
  readonly note: string;
}
interface Page {
  readonly items: readonly Entry[];
  readonly next: string | null;
  readonly inForce: number;
}

/** Holds back whoever reads through everybody, until it is let go. */
const gate = { isShut: false, waiting: [] as (() => void)[] };
const held = (engine: DocumentEngine): DocumentEngine =>
  new Proxy(engine, {
    get: (target, name: keyof DocumentEngine) => {
      const method = target[name] as ((...given: unknown[]) => Promise<unknown>) | undefined;
      if (name !== 'page') return method?.bind(target);
      return async (collection: CollectionDeclaration, ...given: unknown[]) => {
        if (gate.isShut && collection.name === identities.name) await new Promise<void>((go) => gate.waiting.push(go));
        return method?.apply(target, [collection, ...given]);
      };
    },
  });

const policies = () => openPolicies(system.engine);
const newest = async () => (await policies().latest())?.number ?? 0;
const revisions = async () => (await system.engine.page(policyRevisions, { limit: 1000 })).length;
const works = async ({ tokens }: SignedIn) => (await callTool(system, tokens.access_token, 'whoami')).status;

const rulesOf = async (tenant: string) =>
  ((await ask(system, 'GET', `/tenants/${tenant}/rules`, { token: platform })).body as { rules: readonly Rule[] }).rules;
const put = async (tenant: string, rules: readonly Rule[], { token = platform, note = '' } = {}) => {
  const headers = { 'If-Match': `"${await newest()}"` };
  return ask(system, 'PUT', `/tenants/${tenant}/rules`, { token, headers, body: { rules, note } });
};
const restore = async (to: number | string, { token = platform, after = null as number | null, body = {} as object } = {}) =>
  ask(system, 'POST', `/policy/revisions/${to}/restore`, { token, body, headers: { 'If-Match': `"${after ?? (await newest())}"` } });
const previewOf = (to: number | string, token = platform) => ask(system, 'POST', `/policy/revisions/${to}/preview`, { token });
const listed = async (query = '', token = platform) => (await ask(system, 'GET', `/policy/revisions${query}`, { token })).body as Page;
const historyOf = async (tenant: string, token: string, query = '') =>
  (await ask(system, 'GET', `/tenants/${tenant}/rules/history${query}`, { token })).body as Page;

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const began = Date.now(); !(await isSo());) {
    if (Date.now() - began > 5_000) throw new Error('not within five seconds');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const recorded = async (name: string) =>
  (await system.engine.page(auditEvents, { limit: 1000 }))
    .map((row) => row['event'] as Record<string, unknown>)
    .filter(({ event }) => event === name);
const changes = () => recorded('policy.changed');

let withSales: readonly Rule[] = [];
let ofInitech: readonly Rule[] = [];

beforeAll(async () => {
  system = await startSystem({ configure: administered, wrapEngine: held });
  acme = (await signInAs(system, 'admin of acme')).tokens.access_token;
  initech = (await signInAs(system, 'admin of initech')).tokens.access_token;
  platform = (await signInAs(system, 'platform')).tokens.access_token;
  bob = await login(system, { login: 'bob', tenant: 'acme', scope: ['read'] });
  [withSales, ofInitech] = [await rulesOf('acme'), await rulesOf('initech')];
  // 2: bob has nothing any more. 3: another tenant. 4: again ours.
  const without = withSales.filter(({ group }) => group !== 'sales');
  expect((await put('acme', without, { token: acme, note: 'sales moved' })).status).toBe(200);
  expect((await put('initech', [...ofInitech, { group: 'new', role: 'viewer' }], { token: initech })).status).toBe(200);
  expect((await put('acme', [...without, { group: 'more', role: 'viewer' }], { token: acme })).status).toBe(200);
});
afterAll(() => system.close());

describe('the history of the policy', () => {
  it('is told newest first and page by page, with who and why, and what is in force', async () => {
    const { status, headers, body } = await ask(system, 'GET', '/policy/revisions', { token: platform });
    expect([status, headers.get('ETag')]).toEqual([200, '"4"']);
    const { items, next, inForce } = body as Page;
    expect([items.map(({ revision }) => revision), next, inForce]).toEqual([[4, 3, 2, 1], null, 4]);
    expect(items[2]).toMatchObject({ source: 'administrator', by: claimsOf(acme)['sub'], note: 'sales moved' });
    expect(items[3]).toMatchObject({ source: 'start', by: null });
    const first = await listed('?limit=3');
    const rest = await listed(`?limit=3&after=${first.next}`);
    expect([...first.items, ...rest.items]).toEqual(items);
    expect([rest.next, rest.inForce]).toEqual([null, 4]);
    for (const after of ['x', '0', '1.5', '4294967296000']) {
      expect((await ask(system, 'GET', `/policy/revisions?after=${after}`, { token: platform })).status).toBe(400);
    }
  });

  it('has what each revision said, and no secret', async () => {
    const { status, body } = await ask(system, 'GET', '/policy/revisions/1', { token: platform });
    expect([status, body]).toEqual([200, expect.objectContaining({ revision: 1, source: 'start' })]);
    const { policy } = body as { policy: { tenants: { id: string; rules: unknown[] }[] } };
    expect(policy.tenants.find(({ id }) => id === 'acme')?.rules).toEqual(withSales);
    expect(Object.keys(policy).sort()).toEqual(['resources', 'roles', 'tenants']);
    const text = JSON.stringify(body);
    const [connection] = system.config.connections;
    const secret = connection?.type === 'oidc' ? (connection.client_secret?.reveal() ?? '') : '';
    expect(secret.length).toBeGreaterThan(20);
    expect(text).not.toContain(secret);
    expect(text).not.toMatch(/secret|upstream|identifier/);
  });

  it('is nobody’s but theirs who look after all tenants, and has no revision that never was [W119]', async () => {
    for (const token of [acme, initech]) {
      const answers = [
        await ask(system, 'GET', '/policy/revisions', { token }),
        await ask(system, 'GET', '/policy/revisions/1', { token }),
        await previewOf(1, token),
        await restore(1, { token }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    }
    const count = await revisions();
    for (const number of [5, 999_999_999, 0, -1, '01', '1e0', 'latest']) {
      const answers = [
        await ask(system, 'GET', `/policy/revisions/${number}`, { token: platform }),
        await previewOf(number),
        await restore(number),
      ];
      expect([number, ...answers.map(({ status }) => status)]).toEqual([number, 404, 404, 404]);
    }
    expect(await revisions()).toBe(count);
  });
});

describe('the history of one tenant’s rules', () => {
  it('has the revisions that changed them, and not who or why', async () => {
    expect((await historyOf('acme', acme)).items).toEqual([
      { revision: 4, at: expect.any(Number), source: 'administrator', by: null, note: '' },
      { revision: 2, at: expect.any(Number), source: 'administrator', by: null, note: '' },
      { revision: 1, at: expect.any(Number), source: 'start', by: null, note: '' },
    ]);
    expect((await historyOf('initech', initech)).items.map(({ revision }) => revision)).toEqual([3, 1]);
    expect((await historyOf('acme', platform)).items[1]).toMatchObject({ by: claimsOf(acme)['sub'], note: 'sales moved' });
  });

  it('comes page by page, each revision once', async () => {
    const first = await historyOf('acme', acme, '?limit=1');
    const second = await historyOf('acme', acme, `?limit=1&after=${first.next}`);
    const third = await historyOf('acme', acme, `?after=${second.next}`);
    expect([first, second, third].map(({ items }) => items.map(({ revision }) => revision))).toEqual([[4], [2], [1]]);
    expect(third.next).toBeNull();
    expect((await ask(system, 'GET', '/tenants/acme/rules/history?after=x', { token: acme })).status).toBe(400);
  });

  it('is not another tenant’s [W120]', async () => {
    expect((await ask(system, 'GET', '/tenants/initech/rules/history', { token: acme })).status).toBe(404);
    expect((await ask(system, 'GET', '/tenants/nowhere/rules/history', { token: acme })).status).toBe(404);
  });

  it('looks at so many revisions a request, and goes on from there', async () => {
    const latest = await policies().latest();
    const document = await policies().document(latest?.digest ?? '');
    const ends = (latest?.number ?? 0) + 205;
    for (let number = (latest?.number ?? 0) + 1; number <= ends; number += 1) {
      await policies().add({ number, at: 1, source: 'apply', by: 'somebody', note: '' }, document);
    }
    const first = await historyOf('acme', acme);
    expect([first.items, first.next]).toEqual([[], String(ends - 199)]);
    const second = await historyOf('acme', acme, `?after=${first.next}`);
    expect(second.items.map(({ revision }) => revision)).toEqual([4, 2, 1]);
  });
});

describe('putting a revision back', () => {
  it('is tried before: who would gain what, thing by thing, and nothing is written', async () => {
    const before = [await revisions(), await changes()];
    const { status, headers, body } = await previewOf(1);
    expect([status, headers.get('ETag')]).toEqual([200, `"${await newest()}"`]);
    expect(body).toMatchObject({
      revision: await newest(),
      losing: 0,
      counts: { gainsAccess: 1, losesAccess: 0 },
      withoutAdministrator: [],
      youLose: false,
      examples: [{ change: 'gainsAccess', tenant: 'acme', name: 'Bob Baker', roles: { gained: ['viewer'], lost: [] } }],
    });
    expect((body as { differences: unknown[] }).differences).toContainEqual({
      of: 'tenant initech',
      kind: 'changed',
      says: '− rule: people in the group new get viewer',
    });
    expect([await revisions(), await changes()]).toEqual(before);
  });

  it('makes the next revision say the same, everywhere at once, and is on record', async () => {
    expect(await works(bob)).toBe(401);
    const count = (await changes()).length;
    const next = (await newest()) + 1;
    const done = await restore(1, { body: { losing: 0, note: 'sales are back' } });
    expect([done.status, done.headers.get('ETag')]).toEqual([200, `"${next}"`]);
    expect(done.body).toMatchObject({ revision: next, source: 'rollback', by: claimsOf(platform)['sub'], note: 'sales are back' });
    await until(async () => (await works(bob)) === 200);
    expect([await rulesOf('acme'), await rulesOf('initech')]).toEqual([withSales, ofInitech]);
    const events = await changes();
    expect(events.slice(count)).toEqual([
      expect.objectContaining({ revision: next, tenantId: 'acme', adminId: claimsOf(platform)['sub'] }),
    ]);
    expect((await historyOf('initech', initech)).items[0]).toMatchObject({ revision: next, source: 'rollback', by: null, note: '' });
    const found = await ask(system, 'GET', '/tenants/acme/audit?event=policy.changed&limit=1', { token: platform });
    expect(found.body).toMatchObject({ items: [{ revision: next, rule: expect.stringContaining('sales are back') }] });
  });

  it('of what is in force already changes nothing, and says which revision is', async () => {
    const count = await revisions();
    expect(await restore(1)).toMatchObject({ status: 200, body: { revision: await newest(), source: 'rollback' } });
    expect(await revisions()).toBe(count);
  });

  it('says of itself what it is when nobody says why', async () => {
    expect(await restore(2)).toMatchObject({ status: 200, body: { note: 'back to revision 2' } });
    await until(async () => (await works(bob)) === 401);
    expect((await restore(1)).status).toBe(200);
  });

  it('takes the revision in force and the number that was agreed to, or is refused with the history as it was [W124]', async () => {
    const [count, now] = [await revisions(), await newest()];
    expect((await restore(2, { after: now - 1 })).status).toBe(412);
    expect((await restore(2, { after: now + 1 })).status).toBe(412);
    expect((await ask(system, 'POST', '/policy/revisions/2/restore', { token: platform, body: {} })).status).toBe(428);
    expect((await ask(system, 'POST', '/policy/revisions/2/restore', { token: platform })).status).toBe(415);
    expect((await previewOf(2)).body).toMatchObject({ losing: 1 });
    expect((await restore(2, { body: { losing: 0 } })).status).toBe(409);
    expect((await restore(2, { body: { losing: 1, tenants: [] } })).status).toBe(400);
    expect([await revisions(), await newest()]).toEqual([count, now]);
  });

  it('by many at the same moment is done by exactly one [W124]', async () => {
    const [count, now] = [await revisions(), await newest()];
    const all = await Promise.all([2, 3, 4, 2, 3, 4, 2, 3].map((to) => restore(to, { after: now })));
    expect(all.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, ...Array<number>(7).fill(412)]);
    expect([await revisions(), await newest()]).toEqual([count + 1, now + 1]);
    const done = all.find(({ status }) => status === 200)?.body as Entry;
    expect(await policies().get(now + 1)).toMatchObject({ number: done.revision, note: done.note });
    // Who was overtaken is on record as that: one record stands for what came into force.
    const of = (events: readonly Record<string, unknown>[]) => events.filter(({ revision }) => revision === now + 1);
    const [said, overtaken] = [of(await changes()), of(await recorded('policy.overtaken'))];
    expect(said.length - overtaken.length).toBe(1);
    expect((await restore(1)).status).toBe(200);
  });

  it('is not done by somebody who lost what they may do while it was worked out [W97]', async () => {
    const who = String(claimsOf(platform)['sub']);
    const [count, now] = [await revisions(), await newest()];
    gate.isShut = true;
    const asking = restore(2);
    await until(async () => Promise.resolve(gate.waiting.length > 0));
    gate.isShut = false;
    const keys = await putInto(system.engine, who, []);
    const tell = () => announce(system, ...keys.map((key) => ({ kind: 'identity' as const, key })));
    await tell();
    gate.waiting.splice(0).forEach((go) => go());
    expect((await asking).status).toBe(401);
    expect([await revisions(), await newest()]).toEqual([count, now]);
    await putInto(system.engine, who, ['it-admins']);
    await tell();
    expect((await restore(2)).status).toBe(200);
    expect((await restore(1)).status).toBe(200);
  });

  it('leaves no tenant and not you without an administrator, unless that is said [W73]', async () => {
    const rules = await rulesOf('initech');
    const nobody = rules.map((rule) => ({ ...rule, role: 'viewer' }));
    const headers = { 'If-Match': `"${await newest()}"` };
    const locked = await ask(system, 'PUT', '/tenants/initech/rules', {
      token: platform,
      headers,
      body: { rules: nobody, mayLockOut: true },
    });
    expect(locked.status).toBe(200);
    const { revision } = locked.body as Entry;
    expect((await restore(1)).status).toBe(200);
    const count = await revisions();
    expect((await previewOf(revision)).body).toMatchObject({ leavesWithoutAdministrator: true, withoutAdministrator: ['initech'] });
    expect((await restore(revision)).status).toBe(409);
    expect(await revisions()).toBe(count);
    expect((await restore(revision, { body: { mayLockOut: true } })).status).toBe(200);
    expect((await restore(1)).status).toBe(200);
    // One in which everybody else may what they may, and whoever asks would not.
    const policy = policyOf(system.config);
    const withoutYou = policy.tenants.map((tenant) => ({ ...tenant, rules: tenant.rules.filter(({ role }) => role !== 'platform') }));
    const now = await newest();
    for (const [index, document] of [{ ...policy, tenants: withoutYou }, policy].entries()) {
      await policies().add({ number: now + 1 + index, at: 1, source: 'apply', by: 'somebody', note: '' }, document);
    }
    await until(async () => (await previewOf(now + 1)).status === 200);
    expect((await previewOf(now + 1)).body).toMatchObject({ youLose: true, leavesWithoutAdministrator: false });
    expect((await restore(now + 1)).status).toBe(409);
    expect(await newest()).toBe(now + 2);
  });

  it('that does not fit what is configured any more is refused, each problem is named, and nothing is written', async () => {
    const { tenants, ...rest } = policyOf(system.config);
    const gone = {
      ...rest,
      tenants: tenants.map((tenant) => ({ ...tenant, rules: [{ connection: 'gone', group: 'x', role: 'viewer' }] })),
    };
    const strange = { ...rest, tenants: [{ id: 'acme', name: 'Acme', rules: [], laterKey: 1 }] };
    const now = await newest();
    for (const [index, document] of [gone, strange, policyOf(system.config)].entries()) {
      const about = { at: 1, source: 'apply' as const, by: 'somebody', note: '' };
      expect(await policies().add({ number: now + 1 + index, ...about }, document)).toBe(true);
    }
    await until(async () => (await ask(system, 'GET', '/tenants', { token: platform })).status === 200);
    const [rows, documents] = [await revisions(), (await system.engine.page(policyDocuments)).length];
    for (const [number, at] of [
      [now + 1, 'tenants[0].rules[0].connection'],
      [now + 2, 'tenants[0].laterKey'],
    ] as const) {
      for (const answer of [await previewOf(number), await restore(number)]) {
        expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining('configured now') } });
        expect((answer.body as { errors: { at: string }[] }).errors.map((each) => each.at)).toContain(at);
      }
      expect((await ask(system, 'GET', `/policy/revisions/${number}`, { token: platform })).status).toBe(200);
    }
    expect([await revisions(), (await system.engine.page(policyDocuments)).length]).toEqual([rows, documents]);
    expect((await restore(2)).status).toBe(200);
  });

  it('is the file’s affair where the reviewed file alone makes rules', async () => {
    await system.restart((config) => ({ ...config, administration: { ...config.administration, rulesByFileOnly: true } }));
    const count = await revisions();
    expect((await previewOf(1)).status).toBe(200);
    expect(await restore(1)).toMatchObject({ status: 409, body: { detail: expect.stringContaining('file') } });
    expect(await revisions()).toBe(count);
  });
});

/** Who may do what, changed while everything runs: on two brokers over one store, by revisions alone. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Policy } from '../../src/config/policy.ts';
import { policyOf } from '../../src/config/policy.ts';
import { RoleId, TenantId } from '../../src/domain/ids.ts';
import { auditEvents } from '../../src/stores/collections.ts';
import { openPolicies } from '../../src/stores/policies.ts';
import type { SignedIn } from '../support/client.ts';
import { callTool, login } from '../support/client.ts';
import type { SecondInstance } from '../support/second-instance.ts';
import { startSecondInstance } from '../support/second-instance.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

let system: System;
let other: SecondInstance;
beforeAll(async () => {
  system = await startSystem();
  other = await startSecondInstance(system);
});
afterAll(async () => {
  await other.close();
  await system.close();
});

const policies = () => openPolicies(system.engine);

async function publish(document: unknown): Promise<void> {
  const number = ((await policies().latest())?.number ?? 0) + 1;
  expect(await policies().add({ number, at: 1, source: 'apply', by: 'somebody', note: '' }, document)).toBe(true);
}

const original = () => policyOf(system.config);
const changed = (change: (policy: Policy) => Policy) => publish(change(original()));

const inAcme = (change: (tenant: Policy['tenants'][number]) => Policy['tenants'][number]) => (policy: Policy) => ({
  ...policy,
  tenants: policy.tenants.map((tenant) => (tenant.id === TenantId.parse('acme') ? change(tenant) : tenant)),
});

async function within(limit: number, isSo: () => Promise<boolean>): Promise<number> {
  const began = performance.now();
  for (;;) {
    if (await isSo()) return performance.now() - began;
    if (performance.now() - began > limit) throw new Error(`not within ${limit} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const adds = async (who: SignedIn): Promise<boolean> => {
  const answer = await callTool(system, who.tokens.access_token, 'add_note', { text: 'x' });
  return answer.status === 200 && (await answer.text()).includes('"result"');
};

/** The last refresh token of each is kept, since the ones before end. */
const latest = new Map<SignedIn, string>();
async function refreshedAtOther(who: SignedIn): Promise<string | null> {
  const refresh_token = latest.get(who) ?? who.tokens.refresh_token;
  const { status, json } = await other.post('/token', { grant_type: 'refresh_token', client_id: who.client.client_id, refresh_token });
  if (status !== 200) return null;
  latest.set(who, json['refresh_token'] ?? '');
  return json['scope'] ?? '';
}

describe('a revision bites on every instance at once', () => {
  afterEach(async () => {
    await publish(original());
  });

  it.each<[string, (policy: Policy) => Policy]>([
    [
      'the rule is another',
      inAcme((tenant) => ({ ...tenant, rules: tenant.rules.map((rule) => ({ ...rule, role: RoleId.parse('viewer') })) })),
    ],
    ['the role allows less', (policy) => ({ ...policy, roles: policy.roles.map((role) => ({ ...role, permissions: ['notes:read'] })) })],
    ['nobody has a role any more', inAcme((tenant) => ({ ...tenant, rules: [] }))],
    ['the tenant is suspended', inAcme((tenant) => ({ ...tenant, suspended: true }))],
    ['the tenant is gone', (policy) => ({ ...policy, tenants: policy.tenants.filter(({ id }) => id !== TenantId.parse('acme')) })],
    [
      'the tool asks for more',
      (policy) => ({
        ...policy,
        resources: policy.resources.map((each) => ({
          ...each,
          tools: { ...each.tools, add_note: { scopes: ['write'], permissions: ['notes:delete'] } },
        })),
      }),
    ],
  ])('%s [W97] [W124]', async (what, change) => {
    const who = await login(system);
    expect(await adds(who)).toBe(true);
    expect(await refreshedAtOther(who)).toBe('read write');
    await changed(change);
    const here = await within(2_000, async () => !(await adds(who)));
    const there = what === 'the tool asks for more' ? 0 : await within(2_000, async () => (await refreshedAtOther(who)) !== 'read write');
    process.stdout.write(`${what}: ${Math.round(here)} ms here, ${Math.round(there)} ms there\n`);
    await publish(original());
    await within(2_000, () => adds(who));
    expect(await within(2_000, async () => (await refreshedAtOther(who)) === 'read write')).toBeLessThan(2_000);
  });
});

describe('a promotion', () => {
  it('shows as far as the person approved, and never further [AB-14]', async () => {
    const who = await login(system, { scope: ['read'] });
    await changed(inAcme((tenant) => ({ ...tenant, rules: tenant.rules.map((rule) => ({ ...rule, role: RoleId.parse('admin') })) })));
    await within(2_000, async () => (await policies().latest())?.number !== undefined);
    expect(await refreshedAtOther(who)).toBe('read');
    expect(await adds(who)).toBe(false);
    await publish(original());
  });
});

describe('a revision that this version cannot read', () => {
  it('lets nobody do anything until there is one that can be read', async () => {
    const who = await login(system);
    expect(await adds(who)).toBe(true);
    await publish({ tenants: 'of the future' });
    await within(2_500, async () => (await callTool(system, who.tokens.access_token, 'whoami')).status === 503);
    expect(system.lines.some((line) => line.includes('policy.unreadable'))).toBe(true);
    await publish(original());
    await within(1_500, () => adds(who));
  });
});

describe('a start', () => {
  it('with another file makes the next revision as long as nobody has applied one, and none after that', async () => {
    const place = await startSystem();
    const numbers = async () =>
      (await openPolicies(place.engine).history({ limit: 10 })).map(({ number, source }) => `${number} ${source}`);
    try {
      expect(await numbers()).toEqual(['1 start']);
      await place.restart();
      expect(await numbers()).toEqual(['1 start']);
      await place.restart((config) => ({ ...config, roles: config.roles.map((role) => ({ ...role, permissions: ['notes:read'] })) }));
      expect(await numbers()).toEqual(['2 start', '1 start']);
      const events = (await place.engine.page(auditEvents, { limit: 100 })).map((row) => row['event'] as Record<string, unknown>);
      const told = events.filter(({ event }) => event === 'policy.changed').map(({ revision }) => revision);
      expect(new Set(told)).toEqual(new Set([1, 2]));
      await openPolicies(place.engine).add({ number: 3, at: 1, source: 'apply', by: 'somebody', note: '' }, policyOf(place.config));
      await place.restart((config) => ({ ...config, tenants: config.tenants.slice(0, 1) }));
      expect(await numbers()).toEqual(['3 apply', '2 start', '1 start']);
      expect(place.lines.filter((line) => line.includes('policy.differs'))).toHaveLength(1);
      // What was applied is in force, whatever the file says.
      const page = await fetch(`${place.issuer}/.well-known/oauth-protected-resource/t/globex/mcp`);
      expect(page.status).toBe(200);
    } finally {
      await place.close();
    }
  });
});

/** Administrators who want more than they have, and people who take their time. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { policyOf } from '../../src/config/policy.ts';
import { ConnectionId, RoleId, TenantId, UserId } from '../../src/domain/ids.ts';
import { noFeed } from '../../src/ports/authority-feed.ts';
import { grants, users } from '../../src/stores/collections.ts';
import { openMemberships } from '../../src/stores/memberships.ts';
import { openPolicies } from '../../src/stores/policies.ts';
import { administered, ask, signInAs } from '../support/administration.ts';
import { claimsOf, login } from '../support/client.ts';
import { announce } from '../support/past-the-broker.ts';
import { putInto } from '../support/roles-now.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

let system: System;
let [acme, platform] = ['', ''];
beforeAll(async () => {
  system = await startSystem({ configure: administered });
  acme = (await signInAs(system, 'admin of acme')).tokens.access_token;
  platform = (await signInAs(system, 'platform')).tokens.access_token;
});
afterAll(() => system.close());

const idOf = (token: string): string => String(claimsOf(token)['sub']);
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const give = (token: string, who: string, role: string, body: unknown = { connection: 'demo' }) =>
  ask(system, 'PUT', `/tenants/acme/members/${who}/roles/${role}`, { token, body });

/** Sends all of a request but the end of its body, and that when it is told to. */
function begun(method: string, path: string, body: unknown, headers: Record<string, string>) {
  const text = JSON.stringify(body);
  const { port } = new URL(system.issuer);
  const fields = { ...headers, 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text)) };
  const sent = request({ host: '127.0.0.1', port, path: `/admin/api${path}`, method, headers: { Host: `localhost:${port}`, ...fields } });
  const answered = new Promise<number>((resolve, reject) => {
    sent.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
  });
  sent.write(text.slice(0, -1));
  return {
    finish: async (): Promise<number> => {
      sent.end(text.slice(-1));
      return answered;
    },
  };
}

describe('somebody who loses what they may do while they speak', () => {
  it('has done nothing by what comes after it [W97] [W119]', async () => {
    const { revision, rules, defaultRole } = (await ask(system, 'GET', '/tenants/acme/rules', { token: acme })).body as {
      revision: number;
      rules: unknown[];
      defaultRole: string | null;
    };
    const headers = { Authorization: `Bearer ${acme}`, 'If-Match': `"${String(revision)}"` };
    const held = begun(
      'PUT',
      '/tenants/acme/rules',
      { rules: [...rules, { group: 'new', role: 'viewer' }], defaultRole, losing: 0 },
      headers,
    );
    await wait(300);
    const identities = await putInto(system.engine, idOf(acme), []);
    await announce(system, ...identities.map((key) => ({ kind: 'identity' as const, key })));
    const before = (await openPolicies(system.engine).latest())?.number;
    expect(await held.finish()).toBe(401);
    expect((await openPolicies(system.engine).latest())?.number).toBe(before);
    await putInto(system.engine, idOf(acme), ['eng']);
    await announce(system, ...identities.map((key) => ({ kind: 'identity' as const, key })));
    // The same, held open in the same way by somebody who still may, is done.
    const again = begun(
      'PUT',
      '/tenants/acme/rules',
      { rules: [...rules, { group: 'new', role: 'viewer' }], defaultRole, losing: 0 },
      headers,
    );
    await wait(100);
    expect(await again.finish()).toBe(200);
    const number = ((await openPolicies(system.engine).latest())?.number ?? 0) + 1;
    const as = { number, at: 1, source: 'administrator' as const, by: 'somebody', note: 'as before' };
    await openPolicies(system.engine).add(as, policyOf(system.config));
    await wait(1_000);
  });
});

describe('a role by hand', () => {
  it('is nobody’s to give themselves, so that nothing outlasts the group it came from [W73]', async () => {
    expect((await give(acme, idOf(acme), 'admin')).status).toBe(403);
    expect((await give(acme, idOf(acme), 'viewer', { connection: 'demo', expiresAt: null })).status).toBe(403);
  });

  it('never lasts longer than what its giver has [W73]', async () => {
    const { tokens } = await login(system, { login: 'bob', tenant: 'acme', scope: ['read'] });
    const bob = idOf(tokens.access_token);
    const ends = Date.now() + 3_600_000;
    const id = UserId.parse(idOf(acme));
    const held = {
      role: RoleId.parse('admin'),
      connectionId: ConnectionId.parse('demo'),
      rule: 'r',
      source: 'assigned' as const,
      expiresAt: ends,
    };
    await openMemberships(system.engine, noFeed).resync(TenantId.parse('acme'), id, ConnectionId.parse('demo'), [held]);
    const identities = await putInto(system.engine, idOf(acme), []);
    const tell = () =>
      announce(system, { kind: 'member', key: `acme:${id}` }, ...identities.map((key) => ({ kind: 'identity' as const, key })));
    await tell();
    const until = (at: number | null) => give(acme, bob, 'editor', { connection: 'demo', ...(at === null ? {} : { expiresAt: at }) });
    expect([(await until(null)).status, (await until(ends + 60_000)).status]).toEqual([403, 403]);
    expect((await until(ends - 60_000)).status).toBe(200);
    await openMemberships(system.engine, noFeed).resync(TenantId.parse('acme'), id, ConnectionId.parse('demo'), []);
    await putInto(system.engine, idOf(acme), ['eng']);
    await tell();
  });
});

describe('somebody who is let in again', () => {
  it('gets back nothing of what was left when disabling them was cut off', async () => {
    const { tokens } = await login(system, { login: 'bob', tenant: 'acme', scope: ['read'] });
    const bob = idOf(tokens.access_token);
    await system.engine.updateIf(users, bob, {}, { set: { status: 'disabled' } }, 'after');
    await announce(system, { kind: 'user', key: bob });
    const open = async () => (await system.engine.find(grants, 'userId', bob)).filter(({ stage }) => stage !== 'ended').length;
    expect(await open()).toBeGreaterThan(0);
    expect((await ask(system, 'POST', `/tenants/acme/members/${bob}/enable`, { token: platform })).status).toBe(200);
    expect(await open()).toBe(0);
  });
});

describe('the history', () => {
  it('says who and why to whoever looks after all tenants alone', async () => {
    const told = async (token: string) => (await ask(system, 'GET', '/tenants/acme/rules', { token })).body as Record<string, unknown>;
    expect(await told(acme)).toMatchObject({ by: null, note: '' });
    expect(await told(platform)).toMatchObject({ by: 'somebody', note: 'as before' });
  });
});

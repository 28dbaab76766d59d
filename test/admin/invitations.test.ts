import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditEvents, invitations, memberships, users } from '../../src/stores/collections.ts';
import { administered, ask, signInAs } from '../support/administration.ts';
import { followInvitation } from '../support/console-walk.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

let system: System;
let [acme, initech, platform] = ['', '', ''];

beforeAll(async () => {
  system = await startSystem({ configure: administered });
  acme = (await signInAs(system, 'admin of acme')).tokens.access_token;
  initech = (await signInAs(system, 'admin of initech')).tokens.access_token;
  platform = (await signInAs(system, 'platform')).tokens.access_token;
});
afterAll(() => system.close());

interface Invited {
  readonly id: string;
  readonly link: string;
  readonly state: string;
  readonly expiresAt: number;
  readonly userId: string | null;
}

const at = (tenant: string, id = '') => `/tenants/${tenant}/invitations${id === '' ? '' : `/${id}`}`;
const invite = (token: string, tenant: string, body: unknown) => ask(system, 'POST', at(tenant), { token, body });
const made = async (token: string, tenant: string, role = 'admin') => (await invite(token, tenant, { role })).body as Invited;
const listed = async (token: string, tenant: string) =>
  ((await ask(system, 'GET', at(tenant), { token })).body as { items: Invited[] }).items;
const eventsOf = async (event: string) =>
  (await system.engine.page(auditEvents, { limit: 1000 }))
    .map((row) => row['event'] as Record<string, unknown>)
    .filter((each) => each['event'] === event);

describe('an invitation', () => {
  it('is made for a role one has, its link is told once, and whoever takes it has the role; all of it is on record [W133]', async () => {
    const { status, body } = await invite(acme, 'acme', { role: 'admin' });
    const invited = body as Invited;
    expect([status, invited.state, invited.userId]).toEqual([200, 'open', null]);
    expect(invited.expiresAt - system.clock.now()).toBeLessThanOrEqual(3 * 86_400_000);
    expect(invited.link).toMatch(/\/admin\/invitation\?ticket=./);
    // Neither a list nor the store gives the link away.
    expect(JSON.stringify(await listed(acme, 'acme'))).not.toContain('ticket');
    expect(JSON.stringify(await system.engine.page(invitations))).not.toContain(new URL(invited.link).searchParams.get('ticket'));
    const browser = await followInvitation(invited.link, 'bob');
    await browser.submit({}, { form: '/invitation', press: 'Take it' });
    const bob = (await system.engine.page(users)).find(({ email }) => String(email).startsWith('bob'))?.id ?? '';
    const member = (await ask(system, 'GET', `/tenants/acme/members/${bob}`, { token: acme })).body as {
      roles: { role: string; rule: string }[];
    };
    const alice = (await eventsOf('invitation.made'))[0]?.['adminId'];
    expect(member.roles.map(({ role, rule }) => [role, rule])).toContainEqual(['admin', `invited by ${String(alice)}`]);
    expect((await listed(acme, 'acme'))[0]).toMatchObject({ id: invited.id, state: 'held', userId: bob });
    expect(await eventsOf('role.assigned')).toMatchObject([{ userId: bob, tenantId: 'acme', adminId: alice, role: 'admin' }]);
    expect((await ask(system, 'DELETE', at('acme', invited.id), { token: acme })).status).toBe(409);
    // Taken back, it is not to be had again by the same link.
    await ask(system, 'DELETE', `/tenants/acme/members/${bob}/roles/admin`, { token: acme });
    expect((await followInvitation(invited.link, 'bob')).page.status).toBe(410);
  });

  it('that is taken back leads nowhere, also for whoever stands before the button; doing it twice is once', async () => {
    const { id, link } = await made(acme, 'acme');
    const browser = await followInvitation(link, 'erin');
    const before = await system.engine.page(memberships);
    expect((await ask(system, 'DELETE', at('acme', id), { token: acme })).body).toMatchObject({ state: 'withdrawn' });
    expect((await ask(system, 'DELETE', at('acme', id), { token: acme })).status).toBe(200);
    await browser.submit({}, { form: '/invitation', press: 'Take it' });
    expect([browser.page.status, await system.engine.page(memberships)]).toEqual([410, before]);
    expect(await eventsOf('invitation.withdrawn')).toHaveLength(1);
  });

  it.each([
    ['a role that allows more than one’s own [W119]', () => acme, 'acme', { role: 'platform' }, 403],
    ['a role there is not', () => acme, 'acme', { role: 'nonsense' }, 404],
    ['a role that administers nothing', () => acme, 'acme', { role: 'viewer' }, 409],
    ['another tenant [W120]', () => acme, 'initech', { role: 'admin' }, 404],
    ['an end in the past', () => acme, 'acme', { role: 'admin', expiresAt: 1 }, 400],
    ['an end too far away', () => acme, 'acme', { role: 'admin', expiresAt: Date.now() + 15 * 86_400_000 }, 400],
    ['a member nobody declared [W121]', () => acme, 'acme', { role: 'admin', source: 'operator', by: 'u_x' }, 400],
  ])('is not made for %s', async (_what, token, tenant, body, status) => {
    const before = await system.engine.page(invitations);
    expect((await invite(token(), tenant, body)).status).toBe(status);
    expect(await system.engine.page(invitations)).toEqual(before);
  });

  it('of another tenant is not there, and stays as it is [W120]', async () => {
    const { id } = await made(initech, 'initech');
    const before = await system.engine.page(invitations);
    expect((await ask(system, 'DELETE', at('acme', id), { token: acme })).status).toBe(404);
    expect((await ask(system, 'DELETE', at('initech', id), { token: acme })).status).toBe(404);
    expect((await listed(acme, 'acme')).map((each) => each.id)).not.toContain(id);
    expect(await system.engine.page(invitations)).toEqual(before);
    expect((await ask(system, 'DELETE', at('initech', id), { token: platform })).status).toBe(200);
  });

  it('is one of fifty that can be open at most', async () => {
    let last = { status: 0 };
    for (let n = 0; n < 60 && last.status !== 409; n += 1) last = await invite(initech, 'initech', { role: 'admin' });
    const open = (await listed(initech, 'initech')).filter(({ state }) => state === 'open');
    expect([last.status, open.length]).toEqual([409, 50]);
  });
});

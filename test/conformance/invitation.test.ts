/** Links by which somebody becomes an administrator: the first one, and everything that must not work. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { directoryOf } from '../../src/config/directory.ts';
import type { Config } from '../../src/config/schema.ts';
import { invitationLink } from '../../src/domain/console.ts';
import { ConnectionId, RoleId, TenantId, UserId } from '../../src/domain/ids.ts';
import { invitationLifetime, startLifetime } from '../../src/domain/invitation.ts';
import { makeInvitation } from '../../src/flows/steps/make-invitation.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { openSealing } from '../../src/platform/node-sealing.ts';
import { noFeed } from '../../src/ports/authority-feed.ts';
import { openAuditLog } from '../../src/stores/audit-log.ts';
import { auditEvents, grants, invitations, memberships, users } from '../../src/stores/collections.ts';
import { openInvitations } from '../../src/stores/invitations.ts';
import { openMemberships } from '../../src/stores/memberships.ts';
import { administered } from '../support/administration.ts';
import type { Browser } from '../support/browser.ts';
import { enterCode, openBrowser, signIn } from '../support/client.ts';
import { followInvitation, openConsole, rulesAt, said } from '../support/console-walk.ts';
import { many } from '../support/many.ts';
import { announce } from '../support/past-the-broker.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';

let system: System;
afterEach(() => system.close());

/** The cast, with nobody an administrator of Acme by a rule. */
const leaderless = (config: Config): Config => {
  const given = administered(config);
  const viewers = [
    { group: 'it-admins', role: RoleId.parse('viewer') },
    { group: 'eng', role: RoleId.parse('editor') },
  ];
  return { ...given, tenants: given.tenants.map((tenant) => (tenant.id === 'acme' ? { ...tenant, rules: viewers } : tenant)) };
};

const linkOf = async (): Promise<string> => {
  const first = await system.inviteFirst();
  if (first === null) throw new Error('nobody is invited');
  return first.link;
};

const heading = (browser: Browser): string =>
  /<h1[^>]*>([\s\S]*?)<\/h1>/
    .exec(browser.page.body)?.[1]
    ?.replace(/<[^>]*>/g, '')
    .trim() ?? '';

const take = (browser: Browser) => browser.submit({}, { form: '/invitation', press: 'Take it' });
const enter = (browser: Browser) => browser.submit({ scope: ['admin:read', 'admin:write'] }, { form: '/consent', press: 'Approve' });

const assigned = async () =>
  (await system.engine.page(memberships)).flatMap(({ tenantId, roles }) =>
    (roles as { role: string; rule: string; connectionId: string }[]).map(({ role, rule, connectionId }) => [
      tenantId,
      role,
      rule,
      connectionId,
    ]),
  );
const record = async (event: string) =>
  (await system.engine.page(auditEvents, { limit: 1000 }))
    .map((row) => row['event'] as Record<string, unknown>)
    .filter((each) => each['event'] === event);

describe('the first administrator', () => {
  it('is whoever takes the link of a start: shown what it is and as whom, once, and on record [W132] [W133]', async () => {
    system = await startSystem({ configure: leaderless });
    const first = await system.inviteFirst();
    expect(first).toMatchObject({
      workspace: 'Acme',
      role: 'Platform',
      link: expect.stringContaining(`${system.issuer}/admin/invitation?ticket=`),
    });
    // The same at the next look and at the next start, for it is the same invitation.
    await system.restart();
    expect((await system.engine.page(invitations)).length).toBe(1);
    const browser = openBrowser();
    await browser.get(await linkOf());
    expect([browser.page.status, heading(browser)]).toEqual([200, 'You are invited']);
    expect(said(browser)).toMatch(/looks after Acme as Platform.*All of this in every tenant/);
    await browser.submit({}, { form: '/admin/invitation', press: 'Sign in' });
    await signIn(browser, 'alice');
    expect([browser.page.status, heading(browser)]).toEqual([200, 'Take the invitation?']);
    expect(said(browser)).toMatch(/signed in as alice@demo\.example with Demo/);
    // Nothing before the press.
    expect(await assigned()).toEqual([]);
    await take(browser);
    await enter(browser);
    expect([browser.page.status, browser.page.url.pathname]).toEqual([200, rulesAt('acme')]);
    expect(await assigned()).toEqual([['acme', 'platform', 'invited by the first start', 'demo']]);
    const [user] = (await system.engine.page(users)).map(({ id }) => id);
    expect(await record('invitation.made')).toMatchObject([{ tenantId: 'acme', role: 'platform' }]);
    expect(await record('role.assigned')).toMatchObject([{ userId: user, tenantId: 'acme', role: 'platform', connectionId: 'demo' }]);
    // Somebody administers now: there is no link any more, at no start, and the old one leads nowhere.
    expect(await system.inviteFirst()).toBeNull();
    await system.restart();
    expect(await system.inviteFirst()).toBeNull();
  });

  it('is invited nowhere where somebody administers, can by a rule, or there is nothing to administer', async () => {
    system = await startSystem({ configure: administered });
    expect(await system.inviteFirst()).toBeNull();
    await system.restart(({ administration: _none, ...config }) => config);
    expect(await system.inviteFirst()).toBeNull();
    expect(await system.engine.page(invitations)).toEqual([]);
  });

  it('a link grows old, and a start then makes another; the old one stays dead [W133]', async () => {
    system = await startSystem({ configure: leaderless });
    const old = await linkOf();
    system.clock.advance(startLifetime + 1);
    expect((await followInvitation(old, 'alice')).page.status).toBe(410);
    const next = await linkOf();
    expect((await followInvitation(old, 'alice')).page.status).toBe(410);
    const browser = await followInvitation(next, 'alice');
    expect(heading(browser)).toBe('Take the invitation?');
  });

  it('a link that was replaced is over for whoever followed it before, too [W133]', async () => {
    system = await startSystem({ configure: leaderless });
    const browser = await followInvitation(await linkOf(), 'alice');
    const rows = openInvitations(system.engine);
    const [row] = await rows.ofTenant(TenantId.parse('acme'));
    if (row === undefined) throw new Error('no row');
    expect(await rows.advance({ ...row, version: row.version + 1, key: 'another' })).toBe(true);
    await take(browser);
    expect([browser.page.status, await assigned()]).toEqual([410, []]);
  });

  it('is over as soon as somebody else administers, even for whoever stands before the button [W132] [W133]', async () => {
    system = await startSystem({ configure: leaderless });
    const link = await linkOf();
    const [slow, quick] = [await followInvitation(link, 'alice'), await followInvitation(link, 'carol')];
    await take(quick);
    await enter(quick);
    expect(quick.page.url.pathname).toBe(rulesAt('acme'));
    await take(slow);
    expect([slow.page.status, heading(slow)]).toEqual([410, 'This invitation does not work any more']);
    expect((await assigned()).length).toBe(1);
    expect((await followInvitation(link, 'bob')).page.status).toBe(410);
  });

  it('of twenty who press at once, in as many browsers, one gets it [W133]', async () => {
    system = await startSystem({ configure: leaderless });
    for (let round = 0; round < 3; round += 1) {
      const link = await linkOf();
      const browsers = await many(20, (index) => followInvitation(link, ['alice', 'bob', 'carol', 'erin'][index % 4] ?? 'alice'));
      expect(browsers.map(heading)).toEqual(Array.from({ length: 20 }, () => 'Take the invitation?'));
      await Promise.all(browsers.map(take));
      const held = await system.engine.page(memberships);
      expect(held.filter(({ roles }) => (roles as unknown[]).length > 0).length).toBe(1);
      expect((await assigned()).length).toBe(1);
      expect((await record('role.assigned')).length).toBe(round + 1);
      // Taken back, so that the next round has somebody to invite.
      for (const { userId, version } of held.filter(({ roles }) => (roles as unknown[]).length > 0)) {
        await openMemberships(system.engine, noFeed).assign(TenantId.parse('acme'), UserId.parse(String(userId)), Number(version), []);
        await announce(system, { kind: 'member', key: `acme:${String(userId)}` });
      }
    }
  });
});

/** An invitation as a command or an administrator makes it. */
async function invited(by: string | null, role = 'admin', tenantId = 'acme'): Promise<{ link: string; id: string }> {
  const { engine, clock, masterKey, config } = system;
  const sealing = openSealing(masterKey);
  const parts = {
    invitations: openInvitations(engine),
    audit: openAuditLog(engine, { chain: nodeEntropy.id(), clock }),
    sealing,
    entropy: nodeEntropy,
    clock,
  };
  const tenant = directoryOf(config).tenants.find(({ id }) => id === tenantId);
  const meant = config.roles.find(({ id }) => id === role);
  if (tenant === undefined || meant === undefined) throw new Error('no such place');
  const source = by === null ? 'operator' : 'administrator';
  const expiresAt = clock.now() + invitationLifetime.usual;
  const made = await makeInvitation(parts)({ tenant, role: meant, source, by: by === null ? null : UserId.parse(by), expiresAt });
  return { link: invitationLink(config.issuer, made.ticket), id: made.invitation.id };
}

describe('any other invitation', () => {
  it('gives what it was made for, whatever the browser says, and nothing before the press [W133]', async () => {
    system = await startSystem({ configure: leaderless });
    const { link } = await invited(null);
    const browser = await followInvitation(link, 'bob');
    expect(said(browser)).toMatch(/looks after Acme as Administrator/);
    // A form that asks for more is the same form.
    await browser.submit({ role: 'platform', tenant: 'initech' }, { form: '/invitation', press: 'Take it' });
    await enter(browser);
    expect(browser.page.url.pathname).toBe(rulesAt('acme'));
    expect(await assigned()).toEqual([['acme', 'admin', 'invited by an operator', 'demo']]);
  });

  it('asks for everything the workspace wants proven before it asks anything else', async () => {
    system = await startSystem({
      configure: (config) => ({
        ...leaderless(config),
        tenants: leaderless(config).tenants.map((tenant) => ({ ...tenant, requireMfa: true })),
      }),
    });
    const browser = openBrowser();
    await browser.get(await linkOf());
    await browser.submit({}, { form: '/admin/invitation', press: 'Sign in' });
    await browser.submit({}, { form: '/login/demo' });
    await browser.submit({ login: 'alice', password: 'demo' });
    expect(browser.page.body).toContain('id="current-code"');
    await enterCode(browser);
    expect(heading(browser)).toBe('Take the invitation?');
  });

  it('approving instead of taking gives nothing: there is nothing to approve yet', async () => {
    system = await startSystem({ configure: leaderless });
    const { link } = await invited(null);
    const browser = await followInvitation(link, 'bob');
    const form = browser.form('/invitation');
    const at = new URL(form.action.pathname.replace(/\/invitation$/, '/consent'), system.issuer);
    await browser.post(
      at,
      new URLSearchParams({
        transaction: '',
        csrf: form.fields.get('csrf') ?? '',
        decision: 'approve',
        shown_tenant: 'acme',
        scope: 'admin:write',
      }),
    );
    expect(heading(browser)).toBe('Take the invitation?');
    expect([await assigned(), await system.engine.page(grants)]).toEqual([[], []]);
  });

  it('of an administrator stands on what they may do when it is taken [W133]', async () => {
    system = await startSystem({ configure: administered });
    await openConsole(system, 'alice');
    const [alice] = (await system.engine.page(users)).map(({ id }) => id);
    const { link } = await invited(alice ?? '');
    const browser = await followInvitation(link, 'bob');
    expect(said(browser)).toMatch(/Alice Archer invites you to look after Acme as Administrator/);
    await system.engine.updateIf(users, alice ?? '', {}, { set: { status: 'disabled' } }, 'after');
    await announce(system, { kind: 'user', key: alice ?? '' });
    await take(browser);
    // Bob is a viewer here anyway, and that is no administrator.
    expect([browser.page.status, heading(browser)]).toEqual([410, 'This invitation does not work any more']);
    expect(await assigned()).toEqual([]);
    expect((await followInvitation(link, 'bob')).page.status).toBe(410);
  });

  it('to more than the administrator may give, or to another workspace, is none [W120] [W133]', async () => {
    system = await startSystem({ configure: administered });
    await openConsole(system, 'alice');
    const [alice] = (await system.engine.page(users)).map(({ id }) => id);
    for (const [role, place] of [
      ['platform', 'acme'],
      ['admin', 'initech'],
    ]) {
      const { link } = await invited(alice ?? '', role ?? '', place);
      expect((await followInvitation(link, 'bob')).page.status).toBe(410);
    }
    const { link } = await invited(alice ?? '');
    expect(heading(await followInvitation(link, 'bob'))).toBe('Take the invitation?');
  });

  it.each([
    ['no ticket', () => ''],
    ['one that was changed', (ticket: string) => `${ticket.slice(0, -2)}AA`],
    ['one of another kind', () => openSealing(system.masterKey).seal('connection_test', '{"id":"x","key":"y"}')],
    ['one that names a row and not its key', () => openSealing(system.masterKey).seal('invitation', '{"id":"start:acme","key":"y"}')],
    ['one of a row that never was', () => openSealing(system.masterKey).seal('invitation', '{"id":"x","key":"y"}')],
  ])('with %s there is none, and all are told so alike [W133]', async (_what, change) => {
    system = await startSystem({ configure: leaderless });
    const ticket = new URL(await linkOf()).searchParams.get('ticket') ?? '';
    const browser = openBrowser();
    await browser.get(`${system.issuer}/admin/invitation?ticket=${encodeURIComponent(change(ticket))}`);
    expect([browser.page.status, heading(browser)]).toEqual([410, 'This invitation does not work any more']);
  });

  it('another site cannot press for somebody, nor another browser finish what one began [W123] [W133]', async () => {
    system = await startSystem({ configure: leaderless });
    const link = await linkOf();
    const browser = await followInvitation(link, 'alice');
    const form = browser.form('/invitation');
    const fields = new URLSearchParams(form.fields);
    const forged = new URLSearchParams({ ...Object.fromEntries(form.fields), csrf: 'x' });
    const other = openBrowser();
    await other.get(system.issuer);
    await other.post(form.action, fields);
    expect(other.page.status).toBe(403);
    await browser.post(form.action, forged);
    expect(browser.page.status).toBe(403);
    expect(await assigned()).toEqual([]);
    await browser.post(form.action, fields);
    expect((await assigned()).length).toBe(1);
  });

  it('finishes what was interrupted for whoever took it, and for nobody else', async () => {
    system = await startSystem({ configure: leaderless });
    const link = await linkOf();
    const browser = await followInvitation(link, 'alice');
    const rows = openInvitations(system.engine);
    const row = (await rows.ofTenant(TenantId.parse('acme')))[0];
    const [alice] = (await system.engine.page(users)).map(({ id }) => id);
    if (row === undefined) throw new Error('no row');
    await rows.advance({
      ...row,
      version: row.version + 1,
      stage: { at: 'taken', userId: UserId.parse(alice ?? ''), connectionId: ConnectionId.parse('demo') },
    });
    expect((await followInvitation(link, 'carol')).page.status).toBe(410);
    await take(browser);
    expect(await assigned()).toEqual([['acme', 'platform', 'invited by the first start', 'demo']]);
    expect((await rows.get(row.id))?.stage.at).toBe('held');
  });
});

import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from '../../src/cli/options.ts';
import { identityKey } from '../../src/domain/identity.ts';
import { ConnectionId, GrantId, RoleId, TenantId, UserId } from '../../src/domain/ids.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { auditEvents, grants, identities, memberships, users } from '../../src/stores/collections.ts';
import { openStore } from '../../src/stores/open-store.ts';
import { makeGrant } from '../support/grant.ts';
import { removeTemporaryFolders, runProduct } from '../support/product-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'identities-'));
const store = `sqlite:${join(folder, 'store.db')}`;
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await removeTemporaryFolders();
});

const userId = UserId.parse('u_1');
const [okta, google] = [ConnectionId.parse('okta'), ConnectionId.parse('google')];
const [by, beside] = [GrantId.parse('a'.repeat(22)), GrantId.parse('b'.repeat(22))];
const who = (connectionId: ConnectionId, subject: string) => ({ connectionId, issuer: 'https://i.example', subject });
const keyOf = (connectionId: ConnectionId, subject: string) => identityKey(who(connectionId, subject));

async function withStore<T>(use: (engine: Awaited<ReturnType<typeof openStore>>) => Promise<T>): Promise<T> {
  const engine = await openStore(store, { clock: systemClock, log: () => undefined });
  return use(engine).finally(() => engine.close());
}

const run = (...args: string[]) => runProduct({ args: ['identities', ...args], env: { DRAWBRIDGE_STORE: store } });

describe('identities', () => {
  let own = '';
  it('tells who is who, those of one user together', async () => {
    await withStore(async (engine) => {
      await engine.insert(users, { id: userId, name: 'Ana', email: null, status: 'active', createdAt: 1, seenAt: 1 });
      await engine.insert(identities, { id: keyOf(okta, 'o-1'), ...who(okta, 'o-1'), userId, createdAt: 1 });
      await engine.insert(identities, { id: keyOf(google, 'g 1'), ...who(google, 'g 1'), userId, createdAt: 2, heldSince: 1000 });
      await engine.insert(identities, { id: keyOf(okta, 'o-2'), ...who(okta, 'o-2'), userId: UserId.parse('u_2'), createdAt: 3 });
      const given = { userId, connectionId: google };
      await engine.insert(grants, makeGrant({ ...given, id: by, identityId: keyOf(google, 'g 1') }));
      await engine.insert(grants, makeGrant({ ...given, id: beside, connectionId: okta, identityId: keyOf(okta, 'o-1') }));
      const role = (connectionId: ConnectionId) => ({ role: RoleId.parse('viewer'), connectionId, rule: 'r' });
      const member = { id: 'acme:u_1', tenantId: TenantId.parse('acme'), userId, version: 1 };
      await engine.insert(memberships, { ...member, roles: [role(okta), role(google)] });
    });
    expect(await run()).toMatchObject({
      code: 0,
      stdout:
        'u_1 okta "o-1" since 1970-01-01T00:00:00.001Z\n' +
        'u_1 google "g 1" since 1970-01-01T00:00:01.000Z\n' +
        'u_2 okta "o-2" since 1970-01-01T00:00:00.003Z\n',
    });
    expect((await run('--user', 'u_3')).stdout).toBe('Nobody signs in as "u_3". Without --user you see everybody.\n');
    const { stdout } = await run('--user', 'u_2', '--json');
    const issuer = 'https://i.example';
    const theirs = { user: 'u_2', connection: 'okta', issuer, subject: 'o-2', since: '1970-01-01T00:00:00.003Z', joined: false };
    expect(JSON.parse(stdout)).toEqual({ identities: [theirs] });
  });

  it('separate gives one that was joined a user of its own again, with its record and without what came through it', async () => {
    const done = await run('separate', '--connection', 'google', '--subject', 'g 1', '--json');
    const told = JSON.parse(done.stdout) as { userId: string };
    expect([done.code, told]).toEqual([0, { separated: true, userId: expect.stringMatching(/^u_.{22}$/), ended: 1 }]);
    own = told.userId;
    await withStore(async (engine) => {
      expect(await engine.get(identities, keyOf(google, 'g 1'))).toMatchObject({ userId: told.userId });
      expect((await engine.page(grants)).map(({ id, stage }) => [id, stage])).toEqual([
        [by, 'ended'],
        [beside, 'live'],
      ]);
      expect((await engine.get(memberships, 'acme:u_1'))?.['roles']).toEqual([expect.objectContaining({ connectionId: okta })]);
      const events = (await engine.page(auditEvents)).map(({ event }) => event as Record<string, unknown>);
      expect(events).toEqual([
        {
          event: 'identity.separated',
          userId: told.userId,
          leftUserId: 'u_1',
          connectionId: 'google',
          rule: 'separated by an operator',
        },
        expect.objectContaining({ event: 'grant.ended', grantId: by, rule: 'identity separated' }),
      ]);
    });
  });

  it('separate finds nothing left when asked again, and nobody where there is nobody', async () => {
    expect(await run('separate', '--connection', 'google', '--subject', 'g 1')).toMatchObject({
      code: 0,
      stdout: `nothing to separate: it is the only one of ${own}\n`,
    });
    expect(await run('separate', '--connection', 'okta', '--subject', 'g 1')).toMatchObject({
      code: 1,
      stderr: 'Nobody signed in with "g 1" at "okta".\n',
    });
  });

  it('reads its options and wants to know which', async () => {
    expect(readOptions(['identities', '--user', 'u_1'])).toEqual({ command: 'identities', config: null, user: 'u_1', json: false });
    const options = { command: 'identities separate', config: 'd.yaml', connection: 'okta', subject: 's', json: true };
    const args = ['--connection', 'okta', '--subject', 's', '--config', 'd.yaml', '--json'];
    expect(readOptions(['identities', 'separate', ...args])).toEqual(options);
    expect(await run('separate', '--connection', 'okta')).toMatchObject({ code: 1, stdout: '' });
  });
});

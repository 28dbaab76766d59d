/** Why what is taken away is announced before and after. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { onePolicy } from '../../src/ports/policy-in-force.ts';
import { ConnectionId, RoleId, TenantId, UserId } from '../../src/domain/ids.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { cachedAuthority } from '../../src/stores/cached-authority.ts';
import { grants as grantRows } from '../../src/stores/collections.ts';
import { openGrants } from '../../src/stores/grants.ts';
import { openMemberships } from '../../src/stores/memberships.ts';
import { deaf, type FeedWorld, grantId, openFeedWorld, quick, standing, until } from '../support/feed-world.ts';
import { makeGrant } from '../support/grant.ts';

let world: FeedWorld;
beforeEach(async () => {
  world = await openFeedWorld();
});
afterEach(() => world.close());

describe('what is announced', () => {
  it('is not remembered until it must have happened, and then is', async () => {
    const feed = world.instance(quick);
    let asked = 0;
    const inner = { standing: async () => Promise.resolve(((asked += 1), standing)) };
    const authority = cachedAuthority(inner, {
      feed,
      policy: onePolicy,
      clock: { now: () => Date.now() },
      bounds: { most: 10, oldest: 60_000, settling: 200 },
    });
    await until(() => feed.isFresh());
    const askedBy = async (calls: number) => {
      const before = asked;
      for (let call = 0; call < calls; call += 1) await authority.standing(grantId);
      return asked - before;
    };
    expect(await askedBy(3)).toBe(1);
    for (const change of [
      { kind: 'grant', key: grantId },
      { kind: 'member', key: 'acme:u_ana' },
      { kind: 'user', key: 'u_ana' },
      { kind: 'client', key: 'app' },
    ] as const) {
      await feed.append(change);
      expect(await askedBy(3)).toBe(3);
      await wait(220);
      expect(await askedBy(3)).toBe(1);
    }
    await feed.append({ kind: 'user', key: 'u_somebody_else' });
    expect(await askedBy(3)).toBe(0);
  });

  const live = makeGrant({ id: grantId });
  const change = { kind: 'grant', key: grantId };

  it('when it cannot be at first, nothing is ended, and whoever asks again ends it', async () => {
    const grants = openGrants(world.failing, world.instance(deaf));
    await grants.add(live);
    world.writable = 0;
    await expect(grants.end(grantId, 'revoked')).rejects.toThrow(StoreUnavailable);
    expect([(await grants.get(grantId))?.stage, await world.appended()]).toEqual(['live', []]);
    expect(await grants.end(grantId, 'revoked')).toBe(true);
    expect([(await grants.get(grantId))?.stage, await world.appended()]).toEqual(['ended', [change, change]]);
  });

  it('when it cannot be afterwards, whoever asks again announces it again, here or elsewhere, and in the end no more', async () => {
    const grants = openGrants(world.failing, world.instance(deaf));
    await grants.add(live);
    world.writable = 1;
    await expect(grants.end(grantId, 'revoked')).rejects.toThrow(StoreUnavailable);
    expect([(await grants.get(grantId))?.stage, await world.appended()]).toEqual(['ended', [change]]);
    for (const again of [grants, openGrants(world.failing, world.instance(deaf))]) {
      const before = (await world.appended()).length;
      expect(await again.end(grantId, 'again')).toBe(false);
      expect((await world.appended()).length).toBeGreaterThan(before);
    }
    const before = (await world.appended()).length;
    for (let time = 0; time < 3; time += 1) expect(await grants.end(grantId, 'again')).toBe(false);
    expect((await world.appended()).length).toBe(before);
    expect(await world.engine.get(grantRows, grantId)).toMatchObject({ endedBecause: 'revoked' });
  });

  it('what keeps changing while it is being ended is no success', async () => {
    await openGrants(world.engine, world.instance(deaf)).add(live);
    const restless = { ...world.failing, updateIf: () => Promise.resolve(null) };
    await expect(openGrants(restless, world.instance(deaf)).end(grantId, 'revoked')).rejects.toThrow(StoreUnavailable);
  });

  it('an instance that heard only the first announcement does not go by what it knew', async () => {
    const [here, there] = [world.instance(quick), world.instance(quick)];
    const grants = openGrants(world.failing, there);
    await grants.add(live);
    const authority = cachedAuthority(
      { standing: async (id) => ((await grants.get(id))?.stage === 'live' ? standing : null) },
      { feed: here, policy: onePolicy, clock: { now: () => Date.now() } },
    );
    await until(() => here.isFresh());
    await authority.standing(grantId);
    const heard = new Promise((resolve) => here.follow(resolve));
    // Between the two writes it is asked, and told what is not true for long.
    const ending = openGrants(
      {
        ...world.failing,
        updateIf: async (...args) => {
          await heard;
          expect(await authority.standing(grantId)).toBe(standing);
          world.writable = 0;
          return world.engine.updateIf(...args);
        },
      },
      there,
    );
    await expect(ending.end(grantId, 'revoked')).rejects.toThrow(StoreUnavailable);
    expect(await world.appended()).toHaveLength(1);
    expect(await authority.standing(grantId)).toBeNull();
  });

  it('roles that are lost are announced before and after, what is gained is afterwards, and what stays is not', async () => {
    const memberships = openMemberships(world.failing, world.instance(deaf));
    const [tenant, user, connection] = [TenantId.parse('acme'), UserId.parse('u_ana'), ConnectionId.parse('entra')];
    const resync = (...roles: string[]) =>
      memberships.resync(
        tenant,
        user,
        connection,
        roles.map((role) => ({ role: RoleId.parse(role), connectionId: connection, rule: 'r' })),
      );
    await resync('viewer');
    await resync('viewer', 'editor');
    await resync('viewer', 'editor');
    const announcement = { kind: 'member', key: 'acme:u_ana' };
    expect(await world.appended()).toEqual([announcement]);
    world.writable = 0;
    await expect(resync('viewer')).rejects.toThrow(StoreUnavailable);
    expect((await memberships.get(tenant, user))?.roles).toHaveLength(2);
    await resync('viewer');
    expect((await memberships.get(tenant, user))?.roles).toHaveLength(1);
    expect(await world.appended()).toEqual([announcement, announcement, announcement]);
    await resync();
    expect(await memberships.get(tenant, user)).toBeNull();
    expect(await world.appended()).toHaveLength(5);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readRefreshToken } from '../../src/domain/token-format.ts';
import type { IssuedTokens } from '../../src/flows/steps/issue-tokens.ts';
import { ConnectionId, RoleId, TenantId } from '../../src/domain/ids.ts';
import { clientKey } from '../../src/domain/seen-client.ts';
import { seenClients, users } from '../../src/stores/collections.ts';
import type { FlowWorld } from '../support/flow-world.ts';
import { alice, approve, asked, browser, openFlowWorld, redeem, refresh, registered, signIn } from '../support/flow-world.ts';

let world: FlowWorld;
beforeAll(async () => {
  world = await openFlowWorld();
});
afterAll(() => world.close());

const day = 86_400_000;
const refused = (error: string) => expect.objectContaining({ name: 'TokenRefusal', error });
const wordOf = (tokens: IssuedTokens) => tokens.refresh_token?.reveal() ?? '';

async function grantOf(tokens: IssuedTokens) {
  const read = readRefreshToken(wordOf(tokens), world.sealing.mac);
  return read === null ? null : world.grants.get(read.grantId);
}

async function begin(options: Parameters<typeof approve>[1] = {}) {
  const approved = await approve(world, options);
  return { client_id: approved.client_id, tokens: await redeem(world, approved) };
}

describe('roles that came through another connection', () => {
  const acme = TenantId.parse('acme');
  const other = ConnectionId.parse('other');
  const adminBy = (connectionId: ConnectionId) => [{ role: RoleId.parse('admin'), connectionId, rule: 'r', source: 'assigned' as const }];

  it('add nothing to a grant, and keep none alive whose own have gone [W71] [A11.08]', async () => {
    const says = alice({ subject: 'demo-by-two-ways' });
    const { client_id, tokens } = await begin({ says });
    const grant = await grantOf(tokens);
    if (grant === null) throw new Error('no grant');
    await world.memberships.resync(acme, grant.userId, other, adminBy(other));
    const standing = await world.authority.standing(grant.id);
    expect(standing?.roles.map(({ id }) => id)).toEqual(['editor']);
    const next = await refresh(world, client_id, tokens);
    expect(next.scope).toBe('read write');
    await world.users.learn(grant.identityId ?? '', { groups: [] }, world.clock.now());
    expect(await world.authority.standing(grant.id)).toBeNull();
    await expect(refresh(world, client_id, next)).rejects.toEqual(refused('invalid_grant'));
    const id = await world.flows.begin(asked(client_id), browser);
    await signIn(world, id, { ...says, groups: [] });
    expect((await world.flows.continue(id, browser)).step.step).toBe('no-access');
    expect((await world.memberships.get(acme, grant.userId))?.roles).toEqual(adminBy(other));
  });
});

describe('a refresh token', () => {
  it('is good for thirty days without use, counted anew at each use [AM-14] [AM-17] [A11.06]', async () => {
    const { client_id, tokens } = await begin();
    world.clock.advance(30 * day - 1);
    const second = await refresh(world, client_id, tokens);
    world.clock.advance(30 * day - 1);
    const third = await refresh(world, client_id, second);
    expect(third.scope).toBe(tokens.scope);
    world.clock.advance(30 * day);
    await expect(refresh(world, client_id, third)).rejects.toEqual(refused('invalid_grant'));
    expect((await grantOf(third))?.stage).toBe('live');
  });

  it('presented twice inside the grace gives one and the same successor, and after it ends the grant [A11.04] [A11.05]', async () => {
    const { client_id, tokens } = await begin();
    const successors = await Promise.all(Array.from({ length: 20 }, () => refresh(world, client_id, tokens)));
    expect(new Set(successors.map(wordOf)).size).toBe(1);
    world.clock.advance(120_000);
    const late = await refresh(world, client_id, tokens);
    expect(wordOf(late)).toBe(wordOf(successors[0] as IssuedTokens));
    world.clock.advance(1);
    await expect(refresh(world, client_id, tokens)).rejects.toEqual(refused('invalid_grant'));
    expect(await grantOf(late)).toMatchObject({ stage: 'ended' });
    expect(world.events.at(-1)).toMatchObject({ event: 'grant.ended', rule: expect.stringContaining('after its grace') });
    await expect(refresh(world, client_id, late)).rejects.toEqual(refused('invalid_grant'));
  });

  it('of a slow process is good for its own successor though others have gone on, and from there it catches up', async () => {
    const { client_id, tokens } = await begin();
    const second = await refresh(world, client_id, tokens);
    const third = await refresh(world, client_id, second);
    world.clock.advance(60_000);
    const slow = await refresh(world, client_id, tokens);
    expect(wordOf(slow)).toBe(wordOf(second));
    expect(wordOf(await refresh(world, client_id, slow))).toBe(wordOf(third));
  });

  it('of another client is refused, and its owner loses nothing by it [A11.07]', async () => {
    const { client_id, tokens } = await begin();
    await expect(refresh(world, registered(world, 'Other'), tokens)).rejects.toEqual(refused('invalid_grant'));
    await refresh(world, client_id, tokens);
  });

  it('may be narrowed and comes back whole, and is never widened [A9.07] [A11.06]', async () => {
    const { client_id, tokens } = await begin();
    const narrow = await refresh(world, client_id, tokens, { scope: 'read' });
    expect(narrow.scope).toBe('read');
    const whole = await refresh(world, client_id, narrow);
    expect(whole.scope).toBe('read write');
    await expect(refresh(world, client_id, whole, { scope: 'read admin' })).rejects.toEqual(refused('invalid_scope'));
    await expect(refresh(world, client_id, whole, { scope: '"' })).rejects.toEqual(refused('invalid_scope'));
    await refresh(world, client_id, whole);
  });

  it('what the person left out stays out, though the client repeats what it once asked [A9.07]', async () => {
    const { client_id, tokens } = await begin({ scope: ['read'] });
    expect((await refresh(world, client_id, tokens, { scope: 'read write offline_access' })).scope).toBe('read');
  });

  it('keeps its resource: the same one may be named, another is refused [A7.05] [A7.09]', async () => {
    const { client_id, tokens } = await begin();
    await expect(refresh(world, client_id, tokens, { resource: 'http://localhost:4000/other' })).rejects.toEqual(refused('invalid_target'));
    const next = await refresh(world, client_id, tokens, { resource: 'HTTP://LOCALHOST:4000/mcp' });
    const claims = await world.signer.verify('at+jwt', next.access_token.reveal());
    expect(claims).toMatchObject({ aud: 'http://localhost:4000/mcp' });
  });

  it('is not given to a client that did not register for it', async () => {
    const approved = await approve(world);
    const client = { client_id: approved.client_id, grant_types: ['authorization_code'] };
    expect((await redeem(world, approved, { client })).refresh_token).toBeNull();
  });
});

describe('what a grant amounts to is asked anew at each refresh', () => {
  /** The same person signs in once more, as the identity provider describes them now. */
  async function returns(groups: string[] | null): Promise<void> {
    const id = await world.flows.begin(asked(registered(world)), browser);
    await signIn(world, id, alice({ groups }));
  }

  it('a demotion shows in the next token, a promotion too, and never more than was approved [AB-14] [A11.08]', async () => {
    const { client_id, tokens } = await begin();
    expect(tokens.scope).toBe('read write');
    const grant = await grantOf(tokens);
    if (grant === null) throw new Error('no grant');
    const viewer = { role: RoleId.parse('viewer'), connectionId: grant.connectionId, rule: 'r', source: 'assigned' as const };
    await world.memberships.resync(grant.tenantId, grant.userId, grant.connectionId, [viewer]);
    await returns([]);
    const demoted = await refresh(world, client_id, tokens);
    expect(demoted.scope).toBe('read');
    expect(await world.signer.verify('at+jwt', demoted.access_token.reveal())).toMatchObject({ scope: 'read' });
    await returns(['it-admins']);
    const promoted = await refresh(world, client_id, demoted);
    expect(promoted.scope).toBe('read write');
    await world.memberships.resync(grant.tenantId, grant.userId, grant.connectionId, []);
    await returns(['eng']);
    expect((await refresh(world, client_id, promoted)).scope).toBe('read write');
  });

  it('what was not approved is not given with any role [AB-14]', async () => {
    const { client_id, tokens } = await begin({ scope: ['read'] });
    await returns(['it-admins']);
    expect((await refresh(world, client_id, tokens)).scope).toBe('read');
    await returns(['eng']);
  });

  it('out of the group is out of the tenant, and back in is back [W97]', async () => {
    const { client_id, tokens } = await begin();
    await returns([]);
    await expect(refresh(world, client_id, tokens)).rejects.toEqual(refused('invalid_grant'));
    const { grantId } = { grantId: (await grantOf(tokens))?.id };
    expect(grantId === undefined ? undefined : await world.authority.standing(grantId)).toBeNull();
    await returns(['eng']);
    await refresh(world, client_id, tokens);
  });

  it('groups that are unknown take nothing away and let nobody in', async () => {
    const { client_id, tokens } = await begin();
    await expect(returns(null)).rejects.toMatchObject({ name: 'PageRefusal', kind: 'groups-unknown' });
    await refresh(world, client_id, tokens);
  });

  it.each<[string, (userId: string, client_id: string) => Promise<unknown>, (userId: string, client_id: string) => Promise<unknown>]>([
    [
      'the person was disabled',
      (id) => world.engine.updateIf(users, id, {}, { set: { status: 'disabled' } }, 'after'),
      (id) => world.engine.updateIf(users, id, {}, { set: { status: 'active' } }, 'after'),
    ],
    [
      'the client was withdrawn',
      (_, client) => world.engine.updateIf(seenClients, clientKey(client), {}, { set: { status: 'withdrawn' } }, 'after'),
      (_, client) => world.engine.updateIf(seenClients, clientKey(client), {}, { set: { status: 'allowed' } }, 'after'),
    ],
  ])('%s: refused, and nothing is rotated by it [W97] [A11.08]', async (_, take, giveBack) => {
    const { client_id, tokens } = await begin();
    const { userId = '' } = (await grantOf(tokens)) ?? {};
    await take(userId, client_id);
    await expect(refresh(world, client_id, tokens)).rejects.toEqual(refused('invalid_grant'));
    expect(await grantOf(tokens)).toMatchObject({ generation: 1 });
    await giveBack(userId, client_id);
    await refresh(world, client_id, tokens);
  });
});

describe('a grant that ends while it is being refreshed', () => {
  it('gives nothing, and the record says that what it had said before did not come about [W97]', async () => {
    const { client_id, tokens } = await begin();
    const { engine } = world;
    const write = engine.updateIf.bind(engine);
    engine.updateIf = async (collection, id, where, change, returns) => {
      if (change.set?.['generation'] === 2) await write(collection, id, {}, { set: { stage: 'ended' } }, 'after');
      return write(collection, id, where, change, returns);
    };
    try {
      await expect(refresh(world, client_id, tokens)).rejects.toEqual(refused('invalid_grant'));
    } finally {
      engine.updateIf = write;
    }
    expect(await grantOf(tokens)).toMatchObject({ stage: 'ended', generation: 1 });
    expect(world.events.slice(-2)).toMatchObject([{ event: 'token.refreshed' }, { event: 'token.withheld' }]);
  });
});

describe('revoking', () => {
  it.each(['refresh_token', 'access_token'] as const)('the %s ends the grant and everything of it [AB-15] [AM-23]', async (kind) => {
    const { client_id, tokens } = await begin();
    const older = tokens;
    const newer = await refresh(world, client_id, tokens);
    const { id } = (await grantOf(tokens)) ?? {};
    if (id === undefined) throw new Error('no grant');
    expect(await world.authority.standing(id)).not.toBeNull();
    await world.flows.revoke({ client_id, grant_types: [] }, (kind === 'refresh_token' ? older : newer)[kind]?.reveal() ?? '');
    expect(await world.authority.standing(id)).toBeNull();
    expect(world.events.at(-1)).toMatchObject({ event: 'grant.ended', grantId: id, rule: 'the client revoked it' });
    for (const each of [older, newer]) await expect(refresh(world, client_id, each)).rejects.toEqual(refused('invalid_grant'));
  });

  it('an access token that expired long ago still names its grant', async () => {
    const { client_id, tokens } = await begin();
    world.clock.advance(7 * day);
    await world.flows.revoke({ client_id, grant_types: [] }, tokens.access_token.reveal());
    expect(await grantOf(tokens)).toMatchObject({ stage: 'ended' });
  });

  it('another client’s token, or one that is none, changes nothing [A12.03] [W99]', async () => {
    const { client_id, tokens } = await begin();
    const written = world.events.length;
    const other = { client_id: registered(world, 'Other'), grant_types: [] };
    for (const word of [wordOf(tokens), tokens.access_token.reveal(), 'db_rt_x', '', 'a.b.c']) await world.flows.revoke(other, word);
    expect(world.events).toHaveLength(written);
    await refresh(world, client_id, tokens);
  });

  it('twice is written once', async () => {
    const { client_id, tokens } = await begin();
    const written = world.events.length;
    await Promise.all(Array.from({ length: 5 }, () => world.flows.revoke({ client_id, grant_types: [] }, wordOf(tokens))));
    expect(world.events).toHaveLength(written + 1);
  });
});

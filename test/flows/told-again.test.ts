/** What an identity provider says of somebody when it is asked again: believed as at a sign-in, and kept for a stated time where it does not say. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { findConnection } from '../../src/domain/directory.ts';
import { identityKey } from '../../src/domain/identity.ts';
import { RoleId } from '../../src/domain/ids.ts';
import type { LeavesOut } from '../../src/domain/rule-claims.ts';
import { readUser, userFields } from '../../src/domain/scim-user.ts';
import { Secret } from '../../src/domain/secret.ts';
import { readRefreshToken } from '../../src/domain/token-format.ts';
import type { IssuedTokens } from '../../src/flows/steps/issue-tokens.ts';
import type { Rechecked } from '../../src/ports/connector.ts';
import type { FlowWorld } from '../support/flow-world.ts';
import { alice, approve, openFlowWorld, redeem, refresh } from '../support/flow-world.ts';
import { provisioned } from '../support/scim.ts';

const minute = 60_000;
type Stands = Extract<Rechecked, { answer: 'stands' }>;
type Policy = NonNullable<Config['connections'][number]['unknownGroups']>;
const idToken = (claims: object) => [{ from: 'ID token' as const, claims: { ...claims } }];

let world: FlowWorld;
let logged: { level: string; event: string; reason?: string }[];
let says: Partial<Stands>;
let asked: number;
let begun: { client_id: string; tokens: IssuedTokens };

/** Sales may look, by what the token says; engineers may write, by their group. */
const configured =
  (unknownGroups?: Policy) =>
  (config: Config): Config => ({
    ...config,
    connections: config.connections.map((each) => ({
      ...each,
      recheck: { afterSeconds: 900, graceSeconds: 3600 },
      ...(unknownGroups === undefined ? {} : { unknownGroups }),
    })),
    tenants: config.tenants.map((tenant) => ({
      ...tenant,
      requireMfa: false,
      rules:
        tenant.id === 'acme'
          ? [
              { where: [{ claim: '/department', is: ['sales'] }], role: RoleId.parse('viewer') },
              { group: 'eng', role: RoleId.parse('editor') },
              { where: [{ claim: '/suspended', is: ['true'] }], deny: '*' as const },
            ]
          : [],
    })),
  });

async function open(
  unknownGroups?: Policy,
  who: object = { department: 'sales' },
  groups: string[] = [],
  also = (config: Config): Config => config,
): Promise<void> {
  world = await openFlowWorld({ configure: (config) => also(configured(unknownGroups)(config)) });
  logged = [];
  asked = 0;
  says = {};
  for (const level of ['warn', 'error'] as const)
    world.log[level] = ((event: string, fields: object) => void logged.push({ level, event, ...fields })) as never;
  Object.assign(world.connector, {
    recheck: async (refresh_token: Secret<'upstream_token'>): Promise<Rechecked> => {
      asked += 1;
      return Promise.resolve({ answer: 'stands', refresh_token, groups: [], said: [], leavesOut: [], ...says });
    },
  });
  const session = { refresh_token: new Secret<'upstream_token'>('up'), sid: null };
  const scope = groups.length === 0 ? ['read'] : ['read', 'write'];
  const approved = await approve(world, { says: alice({ groups, said: idToken(who), session }), scope });
  begun = { client_id: approved.client_id, tokens: await redeem(world, approved) };
}
beforeEach(() => open());
afterEach(() => world.close());

const later = async (minutes = 15): Promise<IssuedTokens> => {
  world.clock.advance(minutes * minute);
  begun.tokens = await refresh(world, begun.client_id, begun.tokens);
  return begun.tokens;
};
const refused = expect.objectContaining({ name: 'TokenRefusal', error: 'invalid_grant' });
const silent = expect.objectContaining({ name: 'UpstreamUnanswered' });
const known = async () => world.users.identity(identityKey(alice()));
const stage = async () =>
  (await world.grants.get(readRefreshToken(begun.tokens.refresh_token?.reveal() ?? '', world.sealing.mac)?.grantId ?? ('' as never)))
    ?.stage;
const events = () => logged.map(({ level, event }) => `${level} ${event}`);

describe('a claim that gives a role', () => {
  it('is as it is told now: whoever still has it keeps the role, and whoever has another loses it at that renewal [W71] [Q-ANY-23]', async () => {
    says = { said: idToken({ department: 'sales' }) };
    expect((await later()).scope).toBe('read');
    says = { said: idToken({ department: 'finance' }) };
    await expect(later()).rejects.toEqual(refused);
    expect((await known())?.known?.claims['/department']).toEqual(['finance']);
    expect(logged).toEqual([]);
  });

  it('that is gone from an answer which leaves nothing out is gone [W71] [Q-ANY-23]', async () => {
    says = { said: idToken({ email: 'a@b.example' }) };
    await expect(later()).rejects.toEqual(refused);
    expect((await known())?.known?.claims).toEqual({ '/department': [], '/suspended': [] });
  });

  it.each<[string, LeavesOut]>([
    ['anything', 'any'],
    ['just this', ['department']],
  ])(
    'that is not in an answer which may leave out %s stays, with a word to whoever reads the log and the audit',
    async (_what, leavesOut) => {
      says = { leavesOut };
      expect((await later()).scope).toBe('read');
      expect(events()).toEqual(['warn upstream.last-known']);
      expect(logged[0]?.reason).toMatch(/; told 900 seconds before$/);
      expect(world.events.at(-1)).toMatchObject({
        event: 'token.refreshed',
        rule: 'groups or claims as told 900 seconds before; refresh_token',
      });
      says = { said: idToken({ department: 'sales' }) };
      await later();
      expect(world.events.at(-1)).toMatchObject({ event: 'token.refreshed', rule: 'refresh_token' });
      expect(events()).toHaveLength(1);
    },
  );

  it('that is told to be nothing is gone, whatever the answer may leave out', async () => {
    says = { said: idToken({ department: null }), leavesOut: 'any' };
    await expect(later()).rejects.toEqual(refused);
  });

  it('that is kept elsewhere is not told: it stays', async () => {
    says = { said: idToken({ _claim_names: { department: 'src1' } }) };
    expect((await later()).scope).toBe('read');
    expect(events()).toEqual(['warn upstream.last-known']);
  });

  it('which takes roles away does so as soon as it is told [W71]', async () => {
    says = { said: idToken({ department: 'sales', suspended: true }), leavesOut: 'any' };
    await expect(later()).rejects.toEqual(refused);
  });

  it('that is told by a re-check as late as a new sign-in changes nothing of what that said', async () => {
    says = { said: idToken({ department: 'finance' }) };
    const { recheck } = world.connector as unknown as { recheck: (token: Secret<'upstream_token'>) => Promise<Rechecked> };
    Object.assign(world.connector, {
      recheck: async (token: Secret<'upstream_token'>) => {
        const session = { refresh_token: new Secret<'upstream_token'>('up-2'), sid: null };
        await approve(world, { says: alice({ groups: [], said: idToken({ department: 'sales' }), session }), scope: ['read'] });
        return recheck(token);
      },
    });
    expect((await later()).scope).toBe('read');
    expect((await known())?.known?.claims['/department']).toEqual(['sales']);
  });
});

describe('what is not told again', () => {
  it('counts for as long as an identity provider may fail to answer, and then the person signs in again [W68]', async () => {
    says = { leavesOut: 'any' };
    for (let round = 0; round < 4; round += 1) await later();
    await expect(later()).rejects.toEqual(refused);
    expect([asked, await stage()]).toEqual([5, 'live']);
    expect(events().at(-1)).toBe('error upstream.told-too-long-ago');
    // No grace is left over for whoever asks next, and nothing is in doubt once it is told.
    await expect(later(0)).rejects.toEqual(refused);
    says = { said: idToken({ department: 'sales' }) };
    expect((await later(0)).scope).toBe('read');
    expect(events()).toHaveLength(6);
  });

  it('because a directory failed ends nothing: the app is to come again, and is believed as soon as it is told [W68]', async () => {
    await world.close();
    await open(undefined, {}, ['eng']);
    says = { groups: null, whyUnknown: 'group lookup: status 503' };
    expect((await later()).scope).toBe('read write');
    expect(logged[0]).toMatchObject({ event: 'upstream.last-known', reason: 'group lookup: status 503; told 900 seconds before' });
    await expect(later(60)).rejects.toEqual(silent);
    // Others who come at once do not ask again, and get in no sooner.
    await expect(later(0)).rejects.toEqual(silent);
    expect([asked, await stage()]).toEqual([2, 'live']);
    says = { groups: ['eng'] };
    expect((await later(1)).scope).toBe('read write');
    expect(await known()).not.toHaveProperty('groupsAt');
  });

  it('counts for as long as at a sign-in where the connection says so, however often it was gone by [W68]', async () => {
    await world.close();
    await open({ policy: 'last-known', lastKnownSeconds: 7200 }, {}, ['eng']);
    says = { groups: null, whyUnknown: 'group lookup: status 503' };
    const told = world.clock.now();
    for (let round = 0; round < 8; round += 1) await later();
    expect(await known()).toMatchObject({ groupsAt: told, knownAt: told + 120 * minute });
    await expect(later()).rejects.toEqual(silent);
    expect((await known())?.groupsAt).toBe(told);
  });

  it('counts for less where less is said', async () => {
    await world.close();
    await open({ policy: 'last-known', lastKnownSeconds: 1800 }, {}, ['eng']);
    says = { groups: null, whyUnknown: 'group lookup: status 503' };
    await later();
    await later();
    await expect(later()).rejects.toEqual(silent);
  });

  it('is nothing that anybody has: a claim that was never there holds nobody up', async () => {
    await world.close();
    await open(undefined, {}, ['eng']);
    says = { groups: ['eng'], leavesOut: 'any' };
    for (let round = 0; round < 8; round += 1) expect((await later()).scope).toBe('read write');
    expect(logged).toEqual([]);
  });

  it('is not missed of somebody who was put in groups beforehand: those count alone', async () => {
    await world.close();
    await open(undefined, {}, ['eng'], provisioned(false));
    const { connectionId, subject } = alice();
    const provisioning = findConnection(world.directory, connectionId)?.provisioning;
    if (provisioning === undefined) throw new Error('nobody is provisioned there');
    const fields = userFields(readUser({ userName: subject, externalId: subject, active: true }, null), connectionId, provisioning);
    const groups = [{ id: 'viewers', displayName: 'sales' }];
    await world.provisionedUsers.add({ id: subject, connectionId, ...fields, groups, version: 1, createdAt: 1, changedAt: 1 });
    says = { groups: null, whyUnknown: 'group lookup: status 503' };
    await expect(later()).rejects.toEqual(refused);
    expect([(await known())?.known?.groups, logged]).toEqual([[], []]);
    await world.provisionedUsers.regroup(subject, () => Promise.resolve([{ id: 'eng', displayName: 'eng' }]), 2);
    for (let round = 0; round < 8; round += 1) expect((await later()).scope).toBe('read write');
    expect(logged).toEqual([]);
  });

  it('of whom nothing is known any more is nothing to go by', async () => {
    await world.users.forget(identityKey(alice()));
    says = { groups: null };
    await expect(later()).rejects.toEqual(refused);
  });
});

it('a claim that no rule looks at is neither kept nor told about', async () => {
  says = { said: idToken({ department: 'sales', salary: '1' }) };
  await later();
  expect(Object.keys((await known())?.known?.claims ?? {})).toEqual(['/department', '/suspended']);
});

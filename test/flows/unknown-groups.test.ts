/** A sign-in whose groups the connection does not tell. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import { identityKey } from '../../src/domain/identity.ts';
import type { FlowWorld } from '../support/flow-world.ts';
import { alice, approve, asked, browser, openFlowWorld, redeem, refresh, registered, signIn } from '../support/flow-world.ts';
import { rolesNow } from '../support/roles-now.ts';

const minute = 60_000;
type Policy = NonNullable<Config['connections'][number]['unknownGroups']>;
let world: FlowWorld;
let warned: object[];
afterEach(() => world.close());

const lastKnown =
  (unknownGroups?: Policy) =>
  (config: Config): Config => ({
    ...config,
    connections: config.connections.map((each) => ({ ...each, ...(unknownGroups === undefined ? {} : { unknownGroups }) })),
  });

async function open(unknownGroups?: Policy): Promise<void> {
  world = await openFlowWorld({ configure: lastKnown(unknownGroups) });
  warned = [];
  world.log.warn = ((event: string, fields: object) => void warned.push({ event, ...fields })) as never;
}
const forAnHour: Policy = { policy: 'last-known', lastKnownSeconds: 3600 };
const silent = (more: Parameters<typeof alice>[0] = {}) => alice({ groups: null, whyUnknown: 'group lookup: status 503', ...more });
const refused = expect.objectContaining({ name: 'PageRefusal', kind: 'groups-unknown', reason: 'group lookup: status 503' });

async function arrives(who: ReturnType<typeof alice>) {
  const id = await world.flows.begin(asked(registered(world)), browser);
  await signIn(world, id, who);
  const stage = (await world.transactions.get(id))?.stage;
  if (stage?.at !== 'consenting') throw new Error('nobody has signed in');
  return rolesNow({ engine: world.engine, tenants: world.directory.tenants, now: world.clock.now() }, stage.person.userId);
}

describe('a sign-in whose groups are unknown', () => {
  it.each<[string, Policy | undefined]>([
    ['without a policy', undefined],
    ['where that is the policy', { policy: 'refuse', lastKnownSeconds: 3600 }],
  ])('is refused %s, for the reason the connection gives, and takes nothing away [W68]', async (_what, policy) => {
    await open(policy);
    const before = await arrives(alice());
    await expect(arrives(silent())).rejects.toEqual(refused);
    expect(world.events.at(-1)).toMatchObject({ event: 'login.refused', rule: 'groups-unknown' });
    expect(warned).toEqual([]);
    expect(await arrives(alice())).toEqual(before);
  });

  it('goes by the groups last told of this person where that is the policy, with a warning and a record', async () => {
    await open(forAnHour);
    const before = await arrives(alice());
    world.clock.advance(20 * minute);
    expect(await arrives(silent())).toEqual(before);
    expect(Object.keys(before).length).toBeGreaterThan(0);
    const user = expect.stringMatching(/^u_/);
    expect(warned).toEqual([{ event: 'login.groups-last-known', connection: 'demo', user, reason: 'group lookup: status 503' }]);
    expect(world.events.at(-1)).toMatchObject({
      event: 'login.succeeded',
      rule: expect.stringMatching(/^groups as told 1200 seconds before; rule 1: group eng gives editor/),
    });
    await arrives(alice());
    expect(warned).toHaveLength(1);
    expect(world.events.at(-1)).toMatchObject({ rule: expect.not.stringMatching(/seconds before/) });
  });

  it('is refused once they are too old, however often they were gone by in between', async () => {
    await open(forAnHour);
    await arrives(alice());
    const told = world.clock.now();
    for (let passed = 0; passed < 60; passed += 20) {
      world.clock.advance(20 * minute);
      await arrives(silent());
    }
    expect(await world.users.identity(identityKey(alice()))).toMatchObject({ knownAt: world.clock.now(), groupsAt: told });
    world.clock.advance(1);
    await expect(arrives(silent())).rejects.toEqual(refused);
    expect(await arrives(alice({ groups: [] }))).toEqual({});
    expect(await world.users.identity(identityKey(alice()))).not.toHaveProperty('groupsAt');
    expect(await arrives(silent())).toEqual({});
  });

  it('is refused to whom nothing was ever told of, or is forgotten, and makes nobody', async () => {
    await open(forAnHour);
    await arrives(alice());
    await expect(arrives(silent({ subject: 'demo-0002' }))).rejects.toEqual(refused);
    expect(await world.users.identity(identityKey(alice({ subject: 'demo-0002' })))).toBeNull();
    await world.users.forget(identityKey(alice()));
    await expect(arrives(silent())).rejects.toEqual(refused);
  });

  it('is not what a person had who is somebody else: the same subject of another issuer has nothing to go by', async () => {
    await open(forAnHour);
    await arrives(alice());
    await expect(arrives(silent({ issuer: 'http://localhost:4999' }))).rejects.toEqual(refused);
  });

  it('leads to grants that live and die like any other', async () => {
    await open(forAnHour);
    await arrives(alice());
    const approved = await approve(world, { says: silent() });
    const tokens = await redeem(world, approved);
    expect((await refresh(world, approved.client_id, tokens)).scope).toBe('read write');
    await arrives(alice({ groups: [] }));
    await expect(refresh(world, approved.client_id, tokens)).rejects.toMatchObject({ name: 'TokenRefusal' });
  });

  it('goes by what is told now of everything else: a claim that takes roles away does, however young the groups are', async () => {
    await open(forAnHour);
    const suspended = { claim: '/suspended', is: ['true'] };
    const before = await arrives(alice());
    await world.close();
    world = await openFlowWorld({
      configure: (config) => ({
        ...lastKnown(forAnHour)(config),
        tenants: config.tenants.map((tenant) => ({ ...tenant, rules: [...tenant.rules, { deny: '*' as const, where: [suspended] }] })),
      }),
    });
    expect(await arrives(alice())).toEqual(before);
    const said = (value: boolean) => [{ from: 'ID token' as const, claims: { suspended: value } }];
    expect(await arrives(silent({ said: said(true) }))).toEqual({});
    expect(await arrives(silent({ said: said(false) }))).toEqual(before);
  });
});

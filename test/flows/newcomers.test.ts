/** Who may come in for the first time. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/schema.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import { expectedText } from '../../src/flows/steps/proven-connections.ts';
import { settleIdentity } from '../../src/flows/steps/settle-identity.ts';
import { newcomerCounts, users } from '../../src/stores/collections.ts';
import type { FlowWorld } from '../support/flow-world.ts';
import { alice, openFlowWorld } from '../support/flow-world.ts';
import { many } from '../support/many.ts';

type Policy = NonNullable<Config['connections'][number]['newPeople']>;
let world: FlowWorld;
afterEach(() => world.close());

async function open(newPeople: Policy, change: (config: Config) => Config = (same) => same): Promise<void> {
  world = await openFlowWorld({
    configure: (config) =>
      change({ ...config, connections: config.connections.map((each) => ({ ...each, newPeople, domains: ['corp.example'] })) }),
  });
}

const come = async (who: VerifiedIdentity): Promise<string> => (await settleIdentity(world)(who)).user.id;
const known = async (): Promise<number> => (await world.engine.page(users, { limit: 1000 })).length;
const refused = (words: RegExp) =>
  expect.objectContaining({ name: 'PageRefusal', kind: 'no-access', reason: expect.stringMatching(words) });

async function proveDomain(domain: string): Promise<void> {
  const now = world.clock.now();
  await world.provenDomains.keep({
    id: domain,
    value: expectedText(world.sealing, domain),
    provenAt: now,
    seenAt: now,
    expiresAt: now + 1e9,
  });
}

describe('somebody who comes for the first time', () => {
  it('stays outside where nobody may, and nobody is made of them; whoever was here before comes in', async () => {
    await open({ who: 'anyone' });
    const before = await come(alice());
    const config = world.directory.connections[0];
    if (config === undefined) throw new Error('no connection');
    Object.assign(config, { newPeople: { who: 'nobody', most: null } });
    await expect(come(alice({ subject: 'somebody new' }))).rejects.toEqual(refused(/nobody comes in for the first time/));
    expect(await come(alice())).toBe(before);
    expect(await known()).toBe(1);
  });

  it('needs an address of a proven domain of this connection, where that is the policy [W63]', async () => {
    await open({ who: 'proven-domain' });
    const inside = alice({ subject: 'a', email: 'ana@corp.example' });
    await expect(come(inside)).rejects.toEqual(refused(/corp\.example is no proven domain/));
    await proveDomain('corp.example');
    for (const [email, words] of [
      [null, /no address is no proven/],
      ['eve@other.example', /other\.example is no/],
      ['eve@corp.example.evil.example', /evil\.example is no/],
      ['eve@sub.corp.example', /sub\.corp\.example is no/],
    ] as const)
      await expect(come(alice({ subject: 'eve', email }))).rejects.toEqual(refused(words));
    expect(await known()).toBe(0);
    await come(inside);
    await come(alice({ subject: 'b', email: 'bea@CORP.example' }));
    expect(await known()).toBe(2);
  });

  it('needs a role by a rule or by name, where that is the policy; the default role is none', async () => {
    await open({ who: 'by-rule' }, (config) => ({
      ...config,
      tenants: config.tenants.map((tenant) => ({ ...tenant, defaultRole: config.roles[0]?.id })),
    }));
    await expect(come(alice({ subject: 'outsider', groups: ['nobody’s'] }))).rejects.toEqual(refused(/no rule gives/));
    expect(await known()).toBe(0);
    await come(alice({ subject: 'insider' }));
    // From then on the default is theirs when the group is gone.
    expect((await settleIdentity(world)(alice({ subject: 'insider', groups: [] }))).roles.length).toBeGreaterThan(0);
  });

  it('of any number at once no more come in than there are places, each person takes one, and what is left is for the next [W73]', async () => {
    await open({ who: 'anyone', most: 7 });
    const answers = await many(30, (n) =>
      come(alice({ subject: `p${n % 15}` })).then(
        () => 'in',
        (error: Error & { reason?: string }) => error.reason,
      ),
    );
    // Of two who are one person each takes a place, and one gives it back: meanwhile somebody else may have found none.
    const before = await known();
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThanOrEqual(7);
    expect([...new Set(answers)].filter((answer) => answer !== 'in' && answer !== 'newcomers: 7 have come in already')).toEqual([]);
    const counted = async () => (await world.engine.page(newcomerCounts))[0]?.['count'];
    expect(await counted()).toBe(before);
    for (let n = before; n < 7; n += 1) await come(alice({ subject: `late ${n}` }));
    await expect(come(alice({ subject: 'too late' }))).rejects.toEqual(refused(/7 have come in already/));
    expect([await known(), await counted()]).toEqual([7, 7]);
    const [first] = answers.flatMap((answer, n) => (answer === 'in' ? [n] : []));
    await come(alice({ subject: `p${(first ?? 0) % 15}` }));
  });
});

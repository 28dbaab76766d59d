/** Writes that took effect and whose replies never came: nothing is given twice, and nothing that was given is without its record. */
import { expect, it } from '@jest/globals';
import type { Command } from './support/losing-link.ts';
import type { OnCluster } from './support/on-cluster.ts';
import { onCluster, slow } from './support/on-cluster.ts';

type Concerns = (command: Command) => boolean;

const is = (name: string, collection: string, words = '') => {
  const concerns: Concerns = (command) =>
    command.name === name && command.collection === collection && JSON.stringify(command.body).includes(words);
  return concerns;
};
const writes = ['findAndModify', 'insert', 'delete'];

/** Loses one reply of the kind, and answers whether it has. */
function loseOne({ fate }: OnCluster, concerns: Concerns): () => boolean {
  const state = { isLost: false };
  fate((command) => {
    if (state.isLost || !concerns(command)) return 'carry';
    state.isLost = true;
    return 'lose';
  });
  return () => state.isLost;
}

onCluster('two brokers over a store whose replies are lost', (world) => {
  it.each<[string, Concerns]>([
    ['of what consumes a code or refresh token [F6]', is('findAndModify', 'grants')],
    [
      'of every other write after it, records and news among them [F7]',
      ({ name, collection }) => name === 'insert' && collection !== 'transactions',
    ],
    ['of any write', ({ name }) => writes.includes(name)],
  ])(
    'half of the replies %s',
    async (_, concerns) => {
      const ran = await world.run({
        inject: async ({ dice }) => Promise.resolve(world.fate((command) => (concerns(command) && dice.roll(2) === 0 ? 'lose' : 'carry'))),
        times: [800, 3_500, 800],
      });
      const lost = world.cluster.instances.flatMap(({ losing }) => [...losing.met.values()]);
      expect(lost.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(5);
      world.expectGood(ran);
    },
    slow,
  );

  it(
    'an approval of which the decision, the grant or the record was written and not answered is on record once its code is given, after a reload too [F7]',
    async () => {
      const { log, load, judge } = world.byHand();
      const kinds = [
        is('insert', 'grants'),
        is('insert', 'audit_events', 'consent.approved'),
        is('findAndModify', 'transactions', '"approved"'),
      ];
      for (const concerns of [...kinds, ...kinds]) {
        const isLost = loseOne(world, concerns);
        await load.hold(1);
        expect(isLost()).toBe(true);
      }
      world.fate('carry');
      expect(log.entries.filter(({ status }) => status === 503).length).toBeGreaterThanOrEqual(kinds.length);
      expect(log.entries.some(({ given }) => given.code !== undefined)).toBe(true);
      expect(await judge()).toEqual([]);
    },
    slow,
  );

  it(
    'a revocation of which the end, the record or the news was written and not answered, asked for again, is on record and refused everywhere [F7]',
    async () => {
      const { log, load, judge } = world.byHand();
      const kinds = [
        is('findAndModify', 'grants', '"ended"'),
        is('insert', 'audit_events', 'grant.ended'),
        is('insert', 'authority_changes'),
      ];
      for (const concerns of kinds) {
        const family = await load.login();
        if (family === null) throw new Error('nobody could sign in');
        // Both instances remember it.
        for (const { name } of world.cluster.instances) expect((await load.call(family, name))?.isHonoured).toBe(true);
        const isLost = loseOne(world, concerns);
        expect((await load.revoke(family, 'a'))?.status).toBe(200);
        expect(isLost()).toBe(true);
      }
      world.fate('carry');
      expect(log.entries.filter(({ kind, status }) => kind === 'revoke' && status === 503)).toHaveLength(kinds.length);
      expect(await judge()).toEqual([]);
    },
    slow,
  );

  it(
    'a code or refresh token whose consumption was not answered is never good for two sets of tokens, and its person can sign in again [F6]',
    async () => {
      const { log, load, judge } = world.byHand();
      for (let round = 0; round < 4; round += 1) {
        const redeeming = loseOne(world, is('findAndModify', 'grants', '"live"'));
        const before = log.entries.length;
        // The workload asks again after a 503, and now and then twice at once.
        const family = await load.login();
        expect(redeeming()).toBe(true);
        const statuses = log.entries.slice(before).flatMap(({ kind, status }) => (kind === 'exchange' ? [status] : []));
        expect(statuses).toContain(503);
        if (family === null) expect(statuses).toContain(400);
      }
      world.fate('carry');
      const family = await load.login();
      if (family === null) throw new Error('nobody could sign in');
      const presented = family.refresh;
      const rotating = loseOne(world, is('findAndModify', 'grants'));
      expect((await load.refresh(family, 'a'))?.status).toBe(503);
      expect(rotating()).toBe(true);
      expect(family.refresh).toBe(presented);
      const replies = await Promise.all(['a', 'b', 'a'].map((instance) => load.refresh({ ...family }, instance)));
      expect(replies.map((reply) => reply?.status)).toEqual([200, 200, 200]);
      expect(new Set(replies.map((reply) => reply?.json['refresh_token'])).size).toBe(1);
      expect(await judge()).toEqual([]);
    },
    slow,
  );
});

/** What one instance took away and another cannot hear of: it goes by what it knew for no longer than it says, and then allows nothing. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { authorityChanges } from '../../src/stores/collections.ts';
import { stalenessMs } from './support/evidence.ts';
import { onCluster, slow } from './support/on-cluster.ts';

onCluster('an instance that does not hear what another took away', (world) => {
  const remembered = async (load: ReturnType<typeof world.byHand>['load']) => {
    const family = await load.login();
    if (family === null) throw new Error('nobody could sign in');
    for (let count = 0; count < 3; count += 1) expect((await load.call(family, 'b'))?.isHonoured).toBe(true);
    return family;
  };

  it(
    'its reads of the news get no answer: the token is refused within the bound, others are still served, and all is well when they are read again [F39]',
    async () => {
      const { log, load, judge } = world.byHand();
      const [revoked, other] = [await remembered(load), await remembered(load)];
      // Neither looks nor a stream of changes.
      world.fate(
        ({ collection, name, body }) => {
          const isNews = collection === authorityChanges.name || body['collection'] === authorityChanges.name;
          return isNews && name !== 'insert' ? 'too-late' : 'carry';
        },
        ['b'],
      );
      const { access } = revoked;
      expect((await load.revoke(revoked, 'a'))?.status).toBe(200);
      const told = Date.now();
      let until = 0;
      for (let count = 0; Date.now() - told < 1.5 * stalenessMs; count += 1) {
        if ((await load.call({ ...revoked, access }, 'b'))?.isHonoured === true) until = Date.now() - told;
        expect([count, (await load.call(other, 'b'))?.isHonoured]).toEqual([count, true]);
        await wait(50);
      }
      expect(until).toBeLessThan(stalenessMs);
      expect(
        log.entries.filter(({ kind, status, instance }) => kind === 'tool' && instance === 'b' && status === 401).length,
      ).toBeGreaterThan(5);
      expect([...(world.cluster.instances[1]?.losing.met.keys() ?? [])].join()).toContain(authorityChanges.name);
      world.fate('carry');
      expect(await judge()).toEqual([]);
    },
    slow,
  );

  it(
    'its link is silent altogether: after the bound it allows nothing to anybody [F39]',
    async () => {
      const { load, judge } = world.byHand();
      const [revoked, other] = [await remembered(load), await remembered(load)];
      await world.cluster.fault('hang', {}, ['b']);
      const { access } = revoked;
      expect((await load.revoke(revoked, 'a'))?.status).toBe(200);
      await wait(stalenessMs);
      const asked = await Promise.all([load.call({ ...revoked, access }, 'b'), load.call(other, 'b'), load.call(other, 'a')]);
      expect(asked.map((reply) => reply?.status)).toEqual([503, 503, 200]);
      await world.cluster.fault('pass');
      expect(await judge()).toEqual([]);
    },
    slow,
  );

  it(
    'the news itself cannot be written: nobody is told that it is revoked, and asked for again it is [F39]',
    async () => {
      const { log, load, judge } = world.byHand();
      const family = await remembered(load);
      let times = 0;
      world.fate(
        ({ collection, name }) =>
          collection === authorityChanges.name && name === 'insert' && (times += 1) === 1 ? 'not-primary' : 'carry',
        ['a'],
      );
      // The load asks again after a 503.
      expect((await load.revoke(family, 'a'))?.status).toBe(200);
      expect(log.entries.filter(({ kind }) => kind === 'revoke').map(({ status }) => status)).toEqual([503, 200]);
      expect(times).toBeGreaterThan(1);
      world.fate('carry');
      expect(await judge()).toEqual([]);
    },
    slow,
  );
});

/** The primary steps down while codes are redeemed and tokens refreshed: nothing is given twice, nothing acknowledged is lost. */
import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { expect, it } from '@jest/globals';
import { mongoUrl, pathOf } from '../support/places.ts';
import type { During } from './support/fault-run.ts';
import { onCluster, slow } from './support/on-cluster.ts';

const clients = 50;
/** A server that can hold elections; the substitute cannot. */
const isReal = mongoUrl() !== '' || basename(pathOf('mongodb') ?? '') === 'mongod';
const greetings = ['hello', 'ismaster', 'isMaster', 'ping', 'endSessions'];

onCluster('two brokers whose primary steps down', (world) => {
  /** Fifty at a time, again and again. */
  const storm = async ({ load, dice }: During, rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      const families = Array.from({ length: clients }, () => dice.pick(load.families));
      await Promise.all(families.map((family) => load.refresh(family)));
    }
  };

  /** Codes and refresh tokens in the hands of many clients. */
  const prepare = async (during: During): Promise<void> => {
    const { load } = during;
    for (let round = 0; round < 3; round += 1) await Promise.all(Array.from({ length: 5 }, () => load.login()));
    await load.hold(10);
    await storm(during, 1);
  };
  /** As a member answers in the moments after: every command but greetings is refused, and nothing takes effect. */
  const refusing = async (isOver: () => boolean): Promise<void> => {
    while (!isOver()) {
      world.fate(({ name }) => (greetings.includes(name) ? 'carry' : 'not-primary'));
      await wait(300);
      world.fate('carry');
      await wait(500);
    }
  };

  it(
    'again and again under the load of fifty clients: what is refused can be tried again, and every invariant holds [F5]',
    async () => {
      const state = { isOver: false };
      let stepping = Promise.resolve();
      const ran = await world.run({
        prepare,
        inject: async () => {
          stepping = refusing(() => state.isOver);
          return Promise.resolve();
        },
        meanwhile: (during) => storm(during, 4),
        lift: async () => {
          state.isOver = true;
          await stepping;
        },
        // Fifty clients keep their connections, each of which is several sockets here.
        allowance: { sockets: 2 * clients },
        times: [500, 4_000, 500],
      });
      const met = world.cluster.instances.flatMap(({ losing }) => [...losing.met]);
      expect(met.some(([about]) => about === 'findAndModify grants')).toBe(true);
      expect(ran.during.some(({ kind, status }) => kind === 'refresh' && status === 503)).toBe(true);
      expect(ran.honoured('refresh', ran.during)).toBeGreaterThan(0);
      world.expectGood(ran);
    },
    slow,
  );

  // With a real server the elections are real as well.
  if (isReal)
    it(
      'a real one, in a loop [F5]',
      async () => {
        const client = new MongoClient(world.server.url('admin'), { serverSelectionTimeoutMS: 15_000 });
        const state = { isOver: false };
        let stepping = Promise.resolve();
        const stepDown = async () => {
          while (!state.isOver) {
            await client
              .db('admin')
              .command({ replSetStepDown: 1, force: true })
              .catch(() => undefined);
            await wait(2_500);
          }
        };
        const ran = await world.run({
          prepare,
          inject: async () => {
            stepping = stepDown();
            return Promise.resolve();
          },
          meanwhile: (during) => storm(during, 4),
          lift: async () => {
            state.isOver = true;
            await stepping;
          },
          allowance: { sockets: 2 * clients },
          times: [500, 8_000, 500],
        });
        await client.close();
        world.expectGood(ran);
      },
      slow,
    );
});

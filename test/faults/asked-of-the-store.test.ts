/**
 * What two brokers at work ask of the store, word for word. Whether a replica set then keeps an acknowledged write through a rollback,
 * or a lagging secondary out of a decision, is the set's part and only a real one shows it; that it is asked for is ours.
 */
import { expect, it } from '@jest/globals';
import { collections } from '../../src/stores/collections.ts';
import type { Command } from './support/losing-link.ts';
import { onCluster, slow } from './support/on-cluster.ts';

const ours = new Set(collections.map(({ name }) => name));
const writes = new Set(['insert', 'update', 'delete', 'findAndModify']);
const reads = new Set(['find', 'count', 'distinct']);
/** Through a proxy there is one member only, and to a direct connection the driver itself adds the last. */
const fromPrimary = new Set<unknown>([undefined, 'primary', 'primaryPreferred']);

onCluster('what the store is asked while people sign in and work', (world) => {
  it(
    'every write for the journals of a majority, every read from the primary what a majority has, each with a limit, in one document at a time',
    async () => {
      const heard: Command[] = [];
      world.fate((command) => {
        // A stream of changes is opened by an aggregate; it brings news and decides nothing.
        if (ours.has(command.collection) && command.name !== 'aggregate') heard.push(command);
        return 'carry';
      });
      const { load } = world.byHand();
      await load.login('a');
      await load.login('b');
      await load.run(1_500);
      const names = new Set(heard.map(({ name }) => name));
      for (const name of ['insert', 'findAndModify', 'find']) expect(names).toContain(name);
      for (const collection of ['grants', 'transactions', 'identities', 'memberships', 'audit_events'])
        expect(heard.some((command) => command.collection === collection)).toBe(true);
      expect([...names].filter((name) => !writes.has(name) && !reads.has(name))).toEqual([]);
      const wrong = heard.filter(({ name, body }) => {
        const { writeConcern, readConcern, $readPreference, maxTimeMS, startTransaction } = body as Record<
          string,
          { [key: string]: unknown }
        >;
        if (startTransaction !== undefined || typeof maxTimeMS !== 'number') return true;
        if (writes.has(name)) return writeConcern?.['w'] !== 'majority' || writeConcern['j'] !== true;
        return readConcern?.['level'] !== 'majority' || !fromPrimary.has($readPreference?.['mode']);
      });
      expect(wrong.map(({ name, collection, body }) => [name, collection, body['$readPreference'], body['readConcern']])).toEqual([]);
    },
    slow,
  );
});

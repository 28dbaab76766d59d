import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type Db, MongoClient } from 'mongodb';
import { withLock } from '../../src/stores/mongo/lock.ts';
import { digestOf, migrate } from '../../src/stores/mongo/migrate.ts';
import { knownMigrations } from '../../src/stores/mongo/migrations/known.ts';
import type { Migration } from '../../src/stores/mongo/migrations/migration.ts';
import { type MongoServer, startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';

/** A migration that counts how often it ran. */
const counting = (number: number, name: string): Migration => ({
  number,
  name,
  describe: `counts ${name}`,
  commands: [{ update: 'counters', updates: [{ q: { _id: name }, u: { $inc: { n: 1 } }, upsert: true }] }],
});
const first = counting(1, 'first');
const second = counting(2, 'second');

it('the migrations of the product are numbered in order and are what was released', () => {
  expect(knownMigrations.map((migration) => [migration.number, migration.name, digestOf(migration)])).toEqual([
    [1, 'initial', 'SdiZDU0w-6uIJqvnp9rt739MpdnSqCeF7-_aGlVBB_U'],
  ]);
});

needs('mongodb', 'migrations', () => {
  let server: MongoServer;
  let client: MongoClient;
  let db: Db;
  let at = 1_000;
  const clock = { now: () => at };
  beforeAll(async () => {
    server = await startMongo();
    client = new MongoClient(server.url('admin'));
  }, 60_000);
  beforeEach(() => {
    db = client.db(server.database());
    at = 1_000;
  });
  afterAll(async () => {
    await client.close();
    await server.close();
  });

  const counted = async () =>
    Object.fromEntries((await db.collection('counters').find().toArray()).map((row) => [String(row._id), row['n']]));
  const records = () => db.collection('_migrations').find().sort({ _id: 1 }).toArray();
  const locks = () => db.collection('_lock').find().toArray();

  it('run once each, in order, and are recorded with digest and time', async () => {
    expect(await migrate(db, [first], clock)).toEqual(['first']);
    at = 2_000;
    expect(await migrate(db, [first, second], clock)).toEqual(['second']);
    expect(await migrate(db, [first, second], clock)).toEqual([]);
    expect(await counted()).toEqual({ first: 1, second: 1 });
    expect(await records()).toEqual([
      { _id: 1, name: 'first', digest: digestOf(first), at: 1_000 },
      { _id: 2, name: 'second', digest: digestOf(second), at: 2_000 },
    ]);
    expect(await locks()).toEqual([]);
  });

  it('of any number of instances that start together one runs them', async () => {
    const ran = await Promise.all(Array.from({ length: 8 }, () => migrate(db, [first, second], clock)));
    expect(ran.flat().sort()).toEqual(['first', 'second']);
    expect(await counted()).toEqual({ first: 1, second: 1 });
  });

  it.each<[string, readonly Migration[], RegExp]>([
    ['a newer version has run more', [first], /migration 2 \(second\) was made by a newer version/],
    ['one has another text', [first, { ...second, describe: 'edited' }], /migration 2 \(second\) is not the one this version knows/],
    ['one has other commands', [first, { ...second, commands: [] }], /not the one this version knows/],
    ['one has another name', [first, { ...second, name: 'other' }], /not the one this version knows/],
  ])('a start is refused when %s', async (_, known, reason) => {
    await migrate(db, [first, second], clock);
    await expect(migrate(db, known, clock)).rejects.toThrow(reason);
    expect(await counted()).toEqual({ first: 1, second: 1 });
  });

  it('a record with a gap is refused', async () => {
    await migrate(db, [first, second], clock);
    await db.collection('_migrations').deleteOne({ name: 'first' });
    await expect(migrate(db, [first, second], clock)).rejects.toThrow(/gap/);
    expect(await counted()).toEqual({ first: 1, second: 1 });
  });

  it('numbers that do not follow each other are the programmer’s mistake', async () => {
    await expect(migrate(db, [second], clock)).rejects.toThrow(TypeError);
  });

  it('one that fails is not recorded, frees the lock and can be run again', async () => {
    const failing = { ...second, commands: [...second.commands, { thereIsNoSuchCommand: 1 }] };
    await expect(migrate(db, [first, failing], clock)).rejects.toThrow();
    expect((await records()).map((record) => record['name'])).toEqual(['first']);
    expect(await locks()).toEqual([]);
    expect(await migrate(db, [first, second], clock)).toEqual(['second']);
  });

  it('a lock that is held is waited for and then told of; one whose holder is gone is taken', async () => {
    await db.collection<{ _id: string; by: string; until: number }>('_lock').insertOne({ _id: 'migrations', by: 'other', until: 5_000 });
    await expect(withLock(db, clock, async () => 'mine', 300)).rejects.toThrow(/another instance has been migrating/);
    expect(await locks()).toEqual([{ _id: 'migrations', by: 'other', until: 5_000 }]);
    at = 5_000;
    expect(await withLock(db, clock, async () => 'mine', 300)).toBe('mine');
    expect(await locks()).toEqual([]);
  });

  it('whoever lost the lock stops', async () => {
    const stolen = withLock(db, clock, async (renew) => {
      await db.collection('_lock').updateOne({}, { $set: { by: 'thief' } });
      await renew();
    });
    await expect(stolen).rejects.toThrow(/lost/);
    expect(await locks()).toHaveLength(1);
  });
});

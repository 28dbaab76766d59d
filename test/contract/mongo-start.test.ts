import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Db, MongoClient } from 'mongodb';
import { systemClock } from '../../src/platform/system-clock.ts';
import type { CollectionDeclaration, DocumentEngine } from '../../src/ports/document-engine.ts';
import { collections as declared } from '../../src/stores/collections.ts';
import { type MongoEvent, openMongoEngine } from '../../src/stores/mongo/engine.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { type MongoServer, startMongo } from '../support/mongo-server.ts';
import { batch, startMember } from '../support/mongo/member.ts';
import { needs } from '../support/prerequisites.ts';

const people: CollectionDeclaration = { name: 'people', unique: ['email'], indexes: ['owner'], expires: 'expiresAt' };
const bare: CollectionDeclaration = { ...people, unique: [], indexes: [], expires: null };
const clock = systemClock;

/** The error of an opening that is refused. */
async function refusal(work: Promise<DocumentEngine>): Promise<Error> {
  const engine = await work.catch((error: unknown) => error);
  if (engine instanceof Error) return engine;
  await (engine as DocumentEngine).close();
  throw new Error('it was opened');
}

needs('mongodb', 'a start over MongoDB', () => {
  let server: MongoServer;
  let client: MongoClient;
  let url: string;
  let db: Db;
  const engines: DocumentEngine[] = [];
  beforeAll(async () => {
    server = await startMongo();
    client = new MongoClient(server.url('admin'));
  }, 60_000);
  beforeEach(() => {
    const name = server.database();
    url = server.url(name);
    db = client.db(name);
  });
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close();
  });
  afterAll(async () => {
    await client.close();
    await server.close();
  });

  async function open(collections: readonly CollectionDeclaration[], log?: (event: MongoEvent) => void): Promise<DocumentEngine> {
    const engine = await openMongoEngine({ url, collections, clock, ...(log === undefined ? {} : { log }) });
    engines.push(engine);
    return engine;
  }
  const indexesOf = async (name: string) => (await db.collection(name).indexes()).map((index) => String(index.name)).sort();

  describe('indexes', () => {
    it('are made once, also by instances that start together, and what was made is told', async () => {
      const events: MongoEvent[] = [];
      await Promise.all([1, 2, 3].map(() => open([people], (event) => events.push(event))));
      const names = ['_id_', 'people.email.unique', 'people.expiresAt', 'people.owner'];
      expect(await indexesOf('people')).toEqual(names);
      expect(new Set(events.map(({ name }) => name))).toEqual(new Set(['initial', ...names.slice(1)]));
      events.length = 0;
      await open([people], (event) => events.push(event));
      expect(events).toEqual([]);
    });

    it('every collection of the product can be made, and again', async () => {
      await open(declared);
      await open(declared);
      expect(await indexesOf('grants')).toEqual([
        '_id_',
        'grants.clientKey',
        'grants.expiresAt',
        'grants.sidKey',
        'grants.tenantId',
        'grants.userId',
      ]);
    });

    it('one that was dropped is made again before anything is served [F12]', async () => {
      const engine = await open([people]);
      await engine.insert(people, { id: 'a', email: 'a@y.test' });
      await db.collection('people').dropIndex('people.email.unique');
      const again = await open([people]);
      expect(await again.insert(people, { id: 'b', email: 'a@y.test' })).toBe('duplicate');
    });

    it('documents from before a field was unique count, and a value they share is refused by name', async () => {
      const before = await open([bare]);
      for (const [id, email] of [
        ['a', 'a@y.test'],
        ['b', 'b@y.test'],
        ['c', null],
        ['d', null],
      ])
        await before.insert(bare, { id: String(id), email });
      const after = await open([people]);
      expect(await after.insert(people, { id: 'e', email: 'a@y.test' })).toBe('duplicate');
      expect(await after.find(people, 'email', 'b@y.test')).toEqual([{ id: 'b', email: 'b@y.test' }]);

      const slugged = { ...people, unique: ['email', 'slug'] };
      await after.insert(people, { id: 'f', slug: 's' });
      await after.insert(people, { id: 'g', slug: 's' });
      expect((await refusal(open([slugged]))).message).toMatch(/"slug" of people is declared unique, but stored documents share a value/);
    });

    it.each<[string, object, Record<string, number>, RegExp]>([
      ['is not unique', { name: 'people.email.unique' }, { _unique_email: 1 }, /not the index that is declared/],
      ['has the name of another', { name: 'people.owner' }, { other: 1 }, /not the index that is declared/],
      ['makes another field unique', { name: 'mine', unique: true }, { phone: 1 }, /unique what is not declared/],
      ['removes by the server’s clock', { name: 'ttl', expireAfterSeconds: 1 }, { at: 1 }, /clock of the server/],
    ])('an index that %s is refused', async (_, options, key, reason) => {
      await db.collection('people').createIndex(key, options);
      expect((await refusal(open([people]))).message).toMatch(reason);
      await db.collection('people').dropIndexes();
      await open([people]);
    });

    it('an index of somebody else that only speeds up may stay', async () => {
      await db.collection('people').createIndex({ report: 1 }, { name: 'reports' });
      await open([people]);
      expect(await indexesOf('people')).toContain('reports');
    });

    it('no index of ours removes anything: what has expired stays until it is swept', async () => {
      const engine = await open([people]);
      await engine.insert(people, { id: 'old', expiresAt: 1 });
      const indexes = await db.collection('people').indexes();
      expect(indexes).toHaveLength(4);
      expect(indexes.filter((index) => index.expireAfterSeconds !== undefined)).toEqual([]);
      expect(await engine.get(people, 'old')).not.toBeNull();
      expect(await engine.sweep(people, 1)).toBe(1);
    });

    it('two names that differ only in case are refused, as on the embedded store', async () => {
      await expect(open([people, { ...people, name: 'People' }])).rejects.toThrow(TypeError);
      await expect(open([people, { ...people, name: 'peoplE' }])).rejects.toThrow(/case is ignored/);
    });
  });

  describe('data', () => {
    it('a scalar is not found inside a list, nor null in one', async () => {
      const engine = await open([people]);
      await engine.insert(people, { id: 'a', states: ['open', null] });
      const change = { set: { n: 1 } };
      expect(await engine.updateIf(people, 'a', { states: 'open' }, change, 'after')).toBeNull();
      expect(await engine.updateIf(people, 'a', { states: null }, change, 'after')).toBeNull();
      expect(await engine.updateIf(people, 'a', { other: null }, change, 'after')).not.toBeNull();
    });

    it('fields with the engine’s own names are the caller’s: _id, _unique_email, text halves of a character', async () => {
      const engine = await open([people]);
      const odd = { id: '\ud800', _id: 'mine', _unique_email: 'x', '': 1, 'a.b': 2, $c: 3, text: '\udc00\u001a0024', email: 'e\ud800' };
      await engine.insert(people, odd);
      expect(await engine.get(people, '\ud800')).toEqual(odd);
      expect(await engine.get(people, '\ud801')).toBeNull();
      expect(await engine.insert(people, { id: '\ud801', email: 'e\ud801' })).toBe('inserted');
      const changed = await engine.updateIf(
        people,
        '\ud800',
        { _id: 'mine' },
        { set: { _id: 'other' }, unset: ['_unique_email'] },
        'after',
      );
      expect(changed).toMatchObject({ id: '\ud800', _id: 'other', email: 'e\ud800' });
      expect(await engine.insert(people, { id: 'c', email: 'e\ud800' })).toBe('duplicate');
    });

    it('uniqueness follows every kind of change', async () => {
      const engine = await open([people]);
      await engine.insert(people, { id: 'a', email: 1 });
      await engine.insert(people, { id: 'b', email: 5 });
      expect(await engine.updateIf(people, 'a', {}, { inc: { email: 4 } }, 'after')).toBeNull();
      expect(await engine.updateIf(people, 'a', {}, { inc: { email: 1 } }, 'after')).toEqual({ id: 'a', email: 2 });
      expect(await engine.insert(people, { id: 'c', email: 2 })).toBe('duplicate');
      await engine.updateIf(people, 'a', {}, { set: { email: null } }, 'after');
      expect(await engine.get(people, 'a')).toEqual({ id: 'a', email: null });
      expect(await engine.insert(people, { id: 'c', email: 2 })).toBe('inserted');
    });

    it('an empty change is a question, and an id in the conditions is the id', async () => {
      const engine = await open([people]);
      await engine.insert(people, { id: 'a', n: 1 });
      expect(await engine.updateIf(people, 'a', { n: 1 }, {}, 'after')).toEqual({ id: 'a', n: 1 });
      expect(await engine.updateIf(people, 'a', { n: 2 }, { set: { gone: undefined } }, 'after')).toBeNull();
      expect(await engine.updateIf(people, 'a', { id: 'b' }, { inc: { n: 1 } }, 'after')).toBeNull();
      expect(await engine.delete(people, 'a', { id: 'b' })).toBe(false);
      expect(await engine.delete(people, 'a', { id: 'a' })).toBe(true);
    });

    it('what is too large, too deep or not declared is the caller’s mistake', async () => {
      const engine = await open([people]);
      let deep: unknown = 1;
      for (let level = 0; level < 200; level += 1) deep = [deep];
      await expect(engine.insert(people, { id: 'a', deep })).rejects.toThrow(TypeError);
      await expect(engine.insert(people, { id: 'a', text: 'é'.repeat(9_000_000) })).rejects.toThrow(TypeError);
      await expect(engine.insert({ ...people, name: 'others' }, { id: 'a' })).rejects.toThrow(/not declared/);
      await expect(engine.sweep(bare, 1)).rejects.toThrow(/declares no expiry/);
      expect(await engine.page(people)).toEqual([]);
    });
  });

  describe('a store that cannot be had', () => {
    it('is said in time, by its address and without the password', async () => {
      const attempts = (['refuse', 'hang', 'rst'] as const).map(async (mode) => {
        const proxy = await startFaultProxy(server.host);
        await proxy.set(mode);
        const through = `mongodb://ana:hunter2@${proxy.host}/drawbridge`;
        const { message } = await refusal(openMongoEngine({ url: through, collections: [people], clock }));
        await proxy.close();
        expect(message).toContain(`cannot open the store mongodb://${proxy.host}/drawbridge: `);
        expect(message).not.toContain('hunter2');
      });
      const started = performance.now();
      await Promise.all(attempts);
      expect(performance.now() - started).toBeLessThan(6_000);
    });

    it.each([
      ['no database', 'mongodb://ana:hunter2@127.0.0.1:1', /has to name the database/],
      ['no database before the options', 'mongodb://ana:hunter2@127.0.0.1:1/?w=1', /has to name the database/],
      ['not a URL', 'mongodb://ana:hunter2@:::/x', /cannot/],
      ['an unknown option', 'mongodb://ana:hunter2@127.0.0.1:1/x?colour=blue', /colour/],
    ])('a URL with %s is refused', async (_, wrong, reason) => {
      const { message } = await refusal(openMongoEngine({ url: wrong, collections: [people], clock }));
      expect(message).toMatch(reason);
      expect(message).not.toContain('hunter2');
    });
  });
});

describe('a start over MongoDB without the right to make indexes', () => {
  it('is refused, naming the index', async () => {
    const member = await startMember();
    member.script = ({ name }) => {
      if (name === 'listIndexes') return batch([{ v: 2, key: { _id: 1 }, name: '_id_' }]);
      return name === 'createIndexes' ? { ok: 0, code: 13, codeName: 'Unauthorized', errmsg: 'not allowed' } : undefined;
    };
    try {
      const { message } = await refusal(openMongoEngine({ url: member.url, collections: [people], clock }));
      expect(message).toContain('the index "people.email.unique" is missing and cannot be made: the server answered Unauthorized');
    } finally {
      await member.close();
    }
  });

  it('a collection that compares text in another way is refused', async () => {
    const member = await startMember();
    member.script = ({ name }) =>
      name === 'listCollections' ? batch([{ name: 'people', type: 'collection', options: { collation: { locale: 'de' } } }]) : undefined;
    try {
      expect((await refusal(openMongoEngine({ url: member.url, collections: [people], clock }))).message).toContain('collation');
    } finally {
      await member.close();
    }
  });
});

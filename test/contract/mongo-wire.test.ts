import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Document } from 'mongodb';
import { systemClock } from '../../src/platform/system-clock.ts';
import { type CollectionDeclaration, type DocumentEngine, StoreUnavailable } from '../../src/ports/document-engine.ts';
import { openMongoEngine } from '../../src/stores/mongo/engine.ts';
import { type Answer, batch, type Member, startMember } from '../support/mongo/member.ts';

const rows: CollectionDeclaration = { name: 'rows', unique: ['code'], indexes: ['owner'], expires: 'expiresAt' };
const collections = [rows];
const clock = systemClock;

/** What the URL must not be able to weaken. */
const weak = 'w=1&journal=false&wtimeoutMS=1&readPreference=secondary&readConcernLevel=local&retryWrites=false';

const operations: readonly [string, (engine: DocumentEngine) => Promise<unknown>, 'read' | 'write'][] = [
  ['insert', (engine) => engine.insert(rows, { id: 'a', owner: 'ana' }), 'write'],
  ['updateIf', (engine) => engine.updateIf(rows, 'a', { state: 'fresh' }, { set: { state: 'redeemed' } }, 'after'), 'write'],
  ['delete', (engine) => engine.delete(rows, 'a', { state: 'fresh' }), 'write'],
  ['get', (engine) => engine.get(rows, 'a'), 'read'],
  ['find', (engine) => engine.find(rows, 'owner', 'ana', { limit: 7 }), 'read'],
  ['find by a unique field', (engine) => engine.find(rows, 'code', 'c'), 'read'],
  ['page', (engine) => engine.page(rows, { after: 'a' }), 'read'],
];

describe('what the engine says to a replica set', () => {
  let member: Member;
  let engine: DocumentEngine;
  beforeEach(async () => {
    member = await startMember();
    engine = await openMongoEngine({ url: `${member.url}&${weak}`, collections, clock });
    member.heard.length = 0;
  });
  afterEach(async () => {
    try {
      await engine.close();
    } finally {
      await member.close();
    }
  });

  const findAndModified = (value: Document): Answer => ({ ok: 1, value, lastErrorObject: { n: 1, updatedExisting: true } });
  const redeem = () => engine.updateIf(rows, 'a', { state: 'fresh' }, { set: { state: 'redeemed' } }, 'after');

  it.each(operations)('%s is one round trip', async (_, ask) => {
    await ask(engine);
    expect(member.heard).toHaveLength(1);
  });

  it('a whole page of 1,000 is one round trip', async () => {
    const firstBatch = Array.from({ length: 1_000 }, (_, n) => ({ _id: String(n) }));
    // As a server does: a batch as large as the limit would leave the cursor open.
    member.script = ({ command }) => batch(firstBatch, Number(command['batchSize']) > 1_000 ? 0 : 7);
    expect(await engine.page(rows, { limit: 1_000 })).toHaveLength(1_000);
    expect(member.heard.map(({ name }) => name)).toEqual(['find']);
  });

  it.each(operations.filter(([, , kind]) => kind === 'write'))(
    '%s is on the journals of a majority, numbered for a retry and bounded, whatever the URL says',
    async (_, ask) => {
      await ask(engine);
      const { writeConcern, txnNumber, maxTimeMS, lsid } = member.heard[0]?.command ?? {};
      expect(writeConcern).toEqual({ w: 'majority', j: true, wtimeout: 3_000 });
      expect([typeof lsid, txnNumber === undefined]).toEqual(['object', false]);
      expect(maxTimeMS).toBe(3_000);
    },
  );

  it.each(operations.filter(([, , kind]) => kind === 'read'))(
    '%s asks the primary for what a majority has, whatever the URL says [W183]',
    async (_, ask) => {
      await ask(engine);
      const { readConcern, $readPreference, maxTimeMS } = member.heard[0]?.command ?? {};
      expect(readConcern).toMatchObject({ level: 'majority' });
      expect([undefined, 'primary']).toContain(($readPreference as Document | undefined)?.['mode']);
      expect(maxTimeMS).toBe(3_000);
    },
  );

  it('a sweep looks and removes, both bounded, and removes only what has still expired', async () => {
    member.script = ({ name }) => (name === 'find' ? batch([{ _id: 'a' }]) : undefined);
    await engine.sweep(rows, 5, 10);
    expect(member.heard.map(({ name }) => name)).toEqual(['find', 'delete']);
    const deletes = (member.heard[1]?.command['deletes'] ?? []) as Document[];
    expect(deletes[0]?.['q']).toEqual({ expiresAt: { $lte: 5 }, _id: { $in: ['a'] } });
  });

  describe('nothing a caller gives becomes an operator [W167]', () => {
    const hostile: readonly unknown[] = [
      { $ne: null },
      { $gt: '' },
      { $regex: '.' },
      { $where: '1' },
      { $expr: { $eq: [1, 1] } },
      ['a', { $ne: 1 }],
      { _bsontype: 'ObjectId', id: 'x' },
      { $oid: '7fffffff0000000000000001' },
      { 'state.$ne': 1, '$[]': 2, '': 3, 'a\u0000b': 4 },
    ];
    const ours = new Set(['$eq', '$not', '$type', '$gt', '$set', '$db', '$clusterTime', '$readPreference']);

    /** Every name of every level that MongoDB could read something into. */
    const operators = (value: unknown): string[] =>
      typeof value !== 'object' || value === null
        ? []
        : Object.entries(value).flatMap(([name, item]) => [...(/[$.]/.test(name) ? [name] : []), ...operators(item)]);

    it.each(hostile.map((value) => [JSON.stringify(value), value]))('%s is refused where a scalar belongs', async (_, value) => {
      const scalar = value as string;
      await expect(engine.get(rows, scalar)).rejects.toThrow(TypeError);
      await expect(engine.updateIf(rows, scalar, {}, { set: { n: 1 } }, 'after')).rejects.toThrow(TypeError);
      await expect(engine.updateIf(rows, 'a', { state: scalar }, { set: { n: 1 } }, 'after')).rejects.toThrow(TypeError);
      await expect(engine.delete(rows, scalar)).rejects.toThrow(TypeError);
      await expect(engine.delete(rows, 'a', { state: scalar })).rejects.toThrow(TypeError);
      await expect(engine.find(rows, 'owner', scalar)).rejects.toThrow(TypeError);
      await expect(engine.page(rows, { after: scalar })).rejects.toThrow(TypeError);
      await expect(engine.insert(rows, { id: scalar })).rejects.toThrow(TypeError);
      await expect(engine.insert(rows, { id: 'a', owner: scalar })).rejects.toThrow(TypeError);
      await expect(engine.updateIf(rows, 'a', {}, { set: { code: scalar } }, 'after')).rejects.toThrow(TypeError);
      expect(member.heard).toEqual([]);
    });

    it.each(hostile.map((value) => [JSON.stringify(value), value]))('%s is data inside a document', async (_, value) => {
      let stored: Document = {};
      member.script = ({ name, command }) => {
        if (name === 'insert') stored = (command['documents'] as Document[])[0] ?? {};
        return name === 'find' ? batch([stored]) : undefined;
      };
      await engine.insert(rows, { id: 'a', value });
      await engine.updateIf(rows, 'a', { state: '$ne' }, { set: { value } }, 'after');
      expect(await engine.get(rows, 'a')).toEqual({ id: 'a', value });
      const named = member.heard.flatMap(({ command }) => operators(command));
      expect(named).toContain('$set');
      expect(named.filter((name) => !ours.has(name))).toEqual([]);
    });
  });

  describe('what a member answers', () => {
    it('a reply that is lost is asked for again under the same number, and the first effect is the answer [F6]', async () => {
      let effects = 0;
      const answered = new Map<string, Answer>();
      member.script = ({ name, command }, times) => {
        if (name !== 'findAndModify') return undefined;
        // As a replica set does: a number it has seen gets the answer it had.
        const number = `${JSON.stringify(command['lsid'])}/${String(command['txnNumber'])}`;
        if (!answered.has(number)) answered.set(number, findAndModified({ _id: 'a', state: 'redeemed', by: (effects += 1) }));
        return times === 1 ? 'drop the connection' : answered.get(number);
      };
      expect(await redeem()).toEqual({ id: 'a', state: 'redeemed', by: 1 });
      expect(member.heard).toHaveLength(2);
      expect(effects).toBe(1);
    });

    it('a primary that has stepped down is asked once more, and whoever is primary then answers', async () => {
      const notPrimary = {
        ok: 0,
        code: 10_107,
        codeName: 'NotWritablePrimary',
        errmsg: 'not primary',
        errorLabels: ['RetryableWriteError'],
      };
      member.script = ({ name }, times) =>
        name === 'findAndModify' ? (times === 1 ? notPrimary : findAndModified({ _id: 'a', state: 'redeemed' })) : undefined;
      expect(await redeem()).toEqual({ id: 'a', state: 'redeemed' });
      expect(member.heard).toHaveLength(2);
      expect(new Set(member.heard.map(({ command }) => String(command['txnNumber']))).size).toBe(1);
    });

    it.each<[string, Document]>([
      ['wtimeout', { code: 64, codeName: 'WriteConcernFailed', errmsg: 'waiting for replication timed out', errInfo: { wtimeout: true } }],
      ['no majority to be had', { code: 100, codeName: 'UnsatisfiableWriteConcern', errmsg: 'Not enough data-bearing nodes' }],
    ])('a write that no majority has is no success: %s', async (_, writeConcernError) => {
      member.script = ({ name }) => ({
        ...(name === 'findAndModify' ? (findAndModified({ _id: 'a', state: 'redeemed' }) as Document) : { ok: 1, n: 1 }),
        writeConcernError,
      });
      await expect(redeem()).rejects.toThrow(StoreUnavailable);
      await expect(engine.insert(rows, { id: 'a' })).rejects.toThrow(StoreUnavailable);
      await expect(engine.delete(rows, 'a')).rejects.toThrow(StoreUnavailable);
    });

    it.each<[string, number]>([
      ['MaxTimeMSExpired', 50],
      ['Unauthorized', 13],
      ['InternalError', 1],
    ])('%s is StoreUnavailable, and what the server said stays out of the message', async (codeName, code) => {
      const words = 'document {_id: "t_secret"} of ana@x.example';
      member.script = () => ({ ok: 0, code, codeName, errmsg: words });
      for (const [, ask] of operations) {
        const error = await ask(engine).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(StoreUnavailable);
        expect(String((error as Error).message)).toBe(`the server answered ${codeName}`);
        expect((error as Error).cause).toBeUndefined();
      }
    });

    it('with no primary every operation is refused in time', async () => {
      member.role = { isWritablePrimary: false, ismaster: false, secondary: true, primary: '' };
      const started = performance.now();
      // The next greeting tells; until then the member is asked and says that it is none.
      member.script = () => ({ ok: 0, code: 10_107, codeName: 'NotWritablePrimary', errmsg: 'not primary' });
      const answers = await Promise.all(operations.map(([, ask]) => ask(engine).catch((error: unknown) => error)));
      expect(answers.filter((answer) => answer instanceof StoreUnavailable)).toHaveLength(operations.length);
      expect(performance.now() - started).toBeLessThan(5_000);
      member.role = { isWritablePrimary: true, ismaster: true, secondary: false };
      member.script = () => undefined;
      let recovered = false;
      for (let tries = 0; tries < 50 && !recovered; tries += 1) {
        recovered = await engine.get(rows, 'a').then(
          () => true,
          () => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 100)),
        );
      }
      expect(recovered).toBe(true);
    });
  });
});

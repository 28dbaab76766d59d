import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CollectionDeclaration, type DocumentEngine, type StoredDocument, StoreUnavailable } from '../../src/ports/document-engine.ts';
import { many } from '../support/many.ts';
import { engineOrder } from './engine-order.contract.ts';
import { engineRaces } from './engine-races.contract.ts';

export const things: CollectionDeclaration = { name: 'things', unique: ['email', 'slug'], indexes: ['owner'], expires: 'expiresAt' };
export const plain: CollectionDeclaration = { name: 'plain', unique: [], indexes: [], expires: null };

export const turns: CollectionDeclaration = { name: 'turns', unique: [], indexes: [], expires: null, inOrder: true };

/** Opens an engine over empty storage that holds the collections given. */
export type OpenEngine = (collections: readonly CollectionDeclaration[]) => Promise<DocumentEngine>;

/** What every engine promises, sentence by sentence. */
export function engineContract(name: string, open: OpenEngine): void {
  describe(`${name}: the document engine`, () => {
    let engine: DocumentEngine;
    beforeEach(async () => {
      engine = await open([things, plain, turns]);
    });
    afterEach(() => engine.close());
    const opened = (): DocumentEngine => engine;

    insertRows(opened);
    updateRows(opened);
    deleteRows(opened);
    readRows(opened);
    sweepRows(opened);
    dataRows(opened);
    closeRows(opened);
    engineRaces(opened, things);
    engineOrder(opened, turns);
  });
}

type Opened = () => DocumentEngine;
const ids = (documents: readonly StoredDocument[]): string[] => documents.map((document) => document.id);

function insertRows(engine: Opened): void {
  describe('insert', () => {
    it('adds a document, and a read that starts afterwards sees it', async () => {
      expect(await engine().get(things, 'a')).toBeNull();
      expect(await engine().insert(things, { id: 'a', owner: 'ana', n: 1 })).toBe('inserted');
      expect(await engine().get(things, 'a')).toEqual({ id: 'a', owner: 'ana', n: 1 });
      expect(await engine().get(plain, 'a')).toBeNull();
    });

    it.each([
      ['id', { id: 'a', email: 'other', slug: 'other' }],
      ['first unique field', { id: 'b', email: 'x@y.test', slug: 'other' }],
      ['second unique field', { id: 'b', email: 'other', slug: 's' }],
    ])('answers duplicate when the %s is taken, and then nothing was written', async (_, second) => {
      await engine().insert(things, { id: 'a', email: 'x@y.test', slug: 's', n: 1 });
      expect(await engine().insert(things, second)).toBe('duplicate');
      expect(await engine().page(things)).toEqual([{ id: 'a', email: 'x@y.test', slug: 's', n: 1 }]);
      expect(await engine().insert(things, { id: 'b', email: 'other', slug: 'other' })).toBe('inserted');
    });

    it.each([['absent'], ['null']])('a unique field that is %s clashes with nothing', async (how) => {
      const field = how === 'null' ? { email: null } : {};
      expect(await engine().insert(things, { id: 'a', ...field })).toBe('inserted');
      expect(await engine().insert(things, { id: 'b', ...field })).toBe('inserted');
    });

    it('text and number are different unique values', async () => {
      expect(await engine().insert(things, { id: 'a', slug: 1 })).toBe('inserted');
      expect(await engine().insert(things, { id: 'b', slug: '1' })).toBe('inserted');
      expect(await engine().insert(things, { id: 'c', slug: 1 })).toBe('duplicate');
      expect(ids(await engine().find(things, 'slug', '1'))).toEqual(['b']);
    });
  });
}

function updateRows(engine: Opened): void {
  describe('updateIf', () => {
    const start = { id: 'a', state: 'open', count: 2, note: null, nested: { deep: true } };
    beforeEach(() => engine().insert(things, start));
    const stored = (): Promise<StoredDocument | null> => engine().get(things, 'a');

    it('changes the document when every field matches and gives the one after', async () => {
      const after = await engine().updateIf(things, 'a', { state: 'open', count: 2 }, { set: { state: 'shut' } }, 'after');
      expect(after).toEqual({ ...start, state: 'shut' });
      expect(await stored()).toEqual(after);
    });

    it('gives the one before when asked', async () => {
      expect(await engine().updateIf(things, 'a', {}, { set: { state: 'shut' } }, 'before')).toEqual(start);
      expect(await stored()).toEqual({ ...start, state: 'shut' });
    });

    it.each<[string, Record<string, string | number | boolean | null>]>([
      ['one of two fields differs', { state: 'open', count: 3 }],
      ['the type differs', { count: '2' }],
      ['the field is absent', { missing: 'x' }],
      ['null is asked and the field has a value', { state: null }],
      ['the field holds an object', { nested: true }],
    ])('is null and changes nothing when %s', async (_, where) => {
      expect(await engine().updateIf(things, 'a', where, { set: { state: 'shut' } }, 'after')).toBeNull();
      expect(await stored()).toEqual(start);
    });

    it.each([['note'], ['missing']])('null in where matches %s, null and absent alike', async (field) => {
      expect(await engine().updateIf(things, 'a', { [field]: null }, { set: { state: 'shut' } }, 'after')).not.toBeNull();
    });

    it('is null for a document that is not there, and makes none', async () => {
      expect(await engine().updateIf(things, 'none', {}, { set: { state: 'shut' } }, 'after')).toBeNull();
      expect(ids(await engine().page(things))).toEqual(['a']);
    });

    it('sets, unsets and increments in one step; an absent field counts from 0', async () => {
      const change = { set: { state: 'shut', list: [1, 2] }, unset: ['note', 'never'], inc: { count: -5, fresh: 3 } };
      expect(await engine().updateIf(things, 'a', {}, change, 'after')).toEqual({
        id: 'a',
        state: 'shut',
        count: -3,
        nested: { deep: true },
        list: [1, 2],
        fresh: 3,
      });
      expect(Object.keys((await stored()) ?? {})).not.toContain('note');
    });

    it('is null when the change would break a unique field, and changes nothing', async () => {
      await engine().insert(things, { id: 'b', email: 'b@y.test' });
      expect(await engine().updateIf(things, 'a', {}, { set: { email: 'b@y.test', state: 'shut' } }, 'after')).toBeNull();
      expect(await stored()).toEqual(start);
      expect(await engine().updateIf(things, 'a', {}, { set: { email: 'a@y.test' } }, 'after')).toEqual({ ...start, email: 'a@y.test' });
    });

    it('keeps indexes and unique fields with the document', async () => {
      await engine().updateIf(things, 'a', {}, { set: { owner: 'ana', email: 'a@y.test' } }, 'after');
      expect(ids(await engine().find(things, 'owner', 'ana'))).toEqual(['a']);
      await engine().updateIf(things, 'a', {}, { set: { owner: 'bob' }, unset: ['email'] }, 'after');
      expect(await engine().find(things, 'owner', 'ana')).toEqual([]);
      expect(ids(await engine().find(things, 'owner', 'bob'))).toEqual(['a']);
      expect(await engine().insert(things, { id: 'b', email: 'a@y.test' })).toBe('inserted');
    });

    it.each<[string, object, object]>([
      ['an operator as a condition', { state: { $ne: null } }, { set: { state: 'shut' } }],
      ['a path as a field', {}, { set: { 'nested.deep': false } }],
      ['an operator as a field', {}, { set: { $where: '1' } }],
      ['a new id', {}, { set: { id: 'b' } }],
      ['a field named twice', {}, { set: { count: 1 }, inc: { count: 1 } }],
      ['an increment of text', {}, { inc: { state: 1 } }],
    ])('refuses %s and changes nothing', async (_, where, change) => {
      await expect(engine().updateIf(things, 'a', where as Record<string, string>, change, 'after')).rejects.toThrow(TypeError);
      expect(ids(await engine().page(things))).toEqual(['a']);
      expect(await stored()).toEqual(start);
    });
  });
}

function deleteRows(engine: Opened): void {
  describe('delete', () => {
    beforeEach(() => engine().insert(things, { id: 'a', state: 'open', email: 'a@y.test' }));

    it('removes the document once, and its unique values are free again', async () => {
      expect(await engine().delete(things, 'a')).toBe(true);
      expect(await engine().delete(things, 'a')).toBe(false);
      expect(await engine().get(things, 'a')).toBeNull();
      expect(await engine().insert(things, { id: 'b', email: 'a@y.test' })).toBe('inserted');
    });

    it('leaves one that does not match', async () => {
      expect(await engine().delete(things, 'a', { state: 'shut' })).toBe(false);
      expect(await engine().get(things, 'a')).not.toBeNull();
      expect(await engine().delete(things, 'a', { state: 'open', missing: null })).toBe(true);
    });
  });
}

function readRows(engine: Opened): void {
  const fill = async (): Promise<void> => {
    const order = ['c', 'a', 'e', 'b', 'd'];
    await Promise.all(order.map((id) => engine().insert(things, { id, owner: id === 'e' ? 'bob' : 'ana', slug: `s-${id}` })));
  };

  describe('find and page', () => {
    it('find gives the documents of an index value in the order of their ids, page by page', async () => {
      await fill();
      expect(ids(await engine().find(things, 'owner', 'ana'))).toEqual(['a', 'b', 'c', 'd']);
      expect(ids(await engine().find(things, 'owner', 'ana', { limit: 2 }))).toEqual(['a', 'b']);
      expect(ids(await engine().find(things, 'owner', 'ana', { limit: 2, after: 'b' }))).toEqual(['c', 'd']);
      expect(await engine().find(things, 'owner', 'ana', { after: 'd' })).toEqual([]);
      expect(await engine().find(things, 'owner', 'eve')).toEqual([]);
    });

    it('find takes unique fields too and refuses one that is not declared', async () => {
      await fill();
      expect(ids(await engine().find(things, 'slug', 's-c'))).toEqual(['c']);
      await expect(engine().find(things, 'state', 'open')).rejects.toThrow(TypeError);
    });

    it('page walks all documents in the order of their ids, also from an id that is gone', async () => {
      await fill();
      expect(ids(await engine().page(things))).toEqual(['a', 'b', 'c', 'd', 'e']);
      expect(ids(await engine().page(things, { limit: 2, after: 'b' }))).toEqual(['c', 'd']);
      await engine().delete(things, 'c');
      expect(ids(await engine().page(things, { after: 'c' }))).toEqual(['d', 'e']);
      expect(await engine().page(plain)).toEqual([]);
    });

    it('a page has 100 documents unless told, 1000 at most, and none for 0', async () => {
      const insert = (n: number): Promise<string> => engine().insert(things, { id: `n${String(n).padStart(5, '0')}`, owner: 'ana' });
      await many(1_010, insert);
      for (const read of [engine().page.bind(engine(), things), engine().find.bind(engine(), things, 'owner', 'ana')]) {
        expect(await read()).toHaveLength(100);
        expect(await read({ limit: 5_000 })).toHaveLength(1_000);
        expect(await read({ limit: 0 })).toHaveLength(0);
      }
    });
  });
}

function sweepRows(engine: Opened): void {
  describe('sweep', () => {
    const at = 1_700_000_000_000;
    beforeEach(async () => {
      for (const [id, expiresAt] of [
        ['before', at - 1],
        ['at', at],
        ['after', at + 1],
        ['never', null],
      ]) {
        await engine().insert(things, { id: String(id), expiresAt });
      }
      await engine().insert(things, { id: 'unset' });
    });

    it('removes what expired at or before the moment given, and nothing before it is asked', async () => {
      expect(await engine().page(things)).toHaveLength(5);
      expect(await engine().sweep(things, at - 2)).toBe(0);
      expect(await engine().sweep(things, at)).toBe(2);
      expect(ids(await engine().page(things))).toEqual(['after', 'never', 'unset']);
      expect(await engine().sweep(things, at)).toBe(0);
    });

    it('removes at most as many as told and follows a changed expiry', async () => {
      await engine().updateIf(things, 'unset', {}, { set: { expiresAt: at } }, 'after');
      expect(await engine().sweep(things, at, 2)).toBe(2);
      expect(await engine().sweep(things, at, 2)).toBe(1);
      expect(ids(await engine().page(things))).toEqual(['after', 'never']);
    });
  });
}

function dataRows(engine: Opened): void {
  describe('what is stored is data', () => {
    const hostile = '{"$set":{"a.b":1},"a.b":{"$gt":""},"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';

    it.each([
      ['unicode', { id: 'ключ-鍵-🔑', text: 'Zoë 👩‍👩‍👧 \u2028 \u0000 end', owner: 'Ünï "quoted\' ; --' }],
      ['200 kB', { id: 'big', text: 'é'.repeat(100_000), owner: 'big' }],
      ['numbers and nothing', { id: 'n', zero: 0, tiny: 5e-324, big: 2 ** 53 - 1, no: false, none: null, list: [[], {}], owner: 'n' }],
    ])('%s comes back as it went in', async (_, document) => {
      await engine().insert(things, document);
      expect(await engine().get(things, document.id)).toEqual(document);
      expect(await engine().find(things, 'owner', document.owner)).toEqual([document]);
      expect(await engine().updateIf(things, document.id, { owner: document.owner }, { inc: { n: 1 } }, 'before')).toEqual(document);
    });

    it('`$`, dotted keys and __proto__ in values are kept and pollute nothing [W168]', async () => {
      const value: unknown = JSON.parse(hostile);
      await engine().insert(things, { id: 'a', value });
      await engine().insert(things, { id: 'b' });
      const changed = await engine().updateIf(things, 'b', { constructor: null, toString: null }, { set: { value } }, 'after');
      for (const document of [await engine().get(things, 'a'), changed, await engine().get(things, 'b')]) {
        expect(JSON.stringify(document?.['value'])).toBe(hostile);
        expect((document as { polluted?: unknown } | null)?.polluted).toBeUndefined();
      }
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it('ids and unique values that differ after a NUL are different', async () => {
      expect(await engine().insert(things, { id: 'a\u0000x', email: 'e\u0000x' })).toBe('inserted');
      expect(await engine().get(things, 'a')).toBeNull();
      expect(await engine().insert(things, { id: 'a', email: 'e' })).toBe('inserted');
      expect(await engine().find(things, 'email', 'e\u0000x')).toEqual([{ id: 'a\u0000x', email: 'e\u0000x' }]);
    });
  });
}

function closeRows(engine: Opened): void {
  describe('close', () => {
    it('finishes what was asked before and refuses what is asked after', async () => {
      const inserts = Array.from({ length: 100 }, (_, n) => engine().insert(plain, { id: `n${n}` }));
      const closed = engine().close();
      await expect(engine().insert(plain, { id: 'late' })).rejects.toThrow(StoreUnavailable);
      await expect(engine().get(plain, 'n1')).rejects.toThrow(StoreUnavailable);
      expect(new Set(await Promise.all(inserts))).toEqual(new Set(['inserted']));
      await closed;
      await expect(engine().updateIf(plain, 'n1', {}, { set: { a: 1 } }, 'after')).rejects.toThrow(StoreUnavailable);
      await engine().close();
    });
  });
}

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CollectionDeclaration, type DocumentEngine, StoreUnavailable } from '../../src/ports/document-engine.ts';
import { openSqliteEngine } from '../../src/stores/sqlite/engine.ts';

let directory: string;
let path: string;
let engine: DocumentEngine | null;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'file-'));
  path = join(directory, 'made', 'store.sqlite');
  engine = null;
});
afterEach(async () => {
  await engine?.close();
  rmSync(directory, { recursive: true, force: true });
});

const people: CollectionDeclaration = { name: 'people', unique: [], indexes: [], expires: null };

/** Restarts over the same file with these declarations. */
async function reopen(...collections: CollectionDeclaration[]): Promise<DocumentEngine> {
  await engine?.close();
  engine = null;
  engine = await openSqliteEngine({ path, collections });
  return engine;
}

/** Changes the closed file behind the engine's back. */
async function byHand(sql: string): Promise<void> {
  await engine?.close();
  engine = null;
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

const ids = (documents: readonly { id: string }[]): string[] => documents.map((document) => document.id);

describe('declarations over an existing file', () => {
  it('an index, a unique field and an expiry declared later cover the documents already there', async () => {
    const first = await reopen(people);
    await Promise.all(
      Array.from({ length: 1_200 }, (_, n) => first.insert(people, { id: `p${n}`, mail: `${n}@y.test`, team: n % 3, at: n })),
    );
    await first.insert(people, { id: 'none' });
    const declared = { ...people, unique: ['mail'], indexes: ['team'], expires: 'at' };
    const later = await reopen(declared);
    expect(ids(await later.find(declared, 'mail', '1199@y.test'))).toEqual(['p1199']);
    expect(await later.find(declared, 'team', 1, { limit: 1_000 })).toHaveLength(400);
    expect(await later.insert(declared, { id: 'q', mail: '7@y.test' })).toBe('duplicate');
    expect(await later.sweep(declared, 9)).toBe(10);
  });

  it('one that is taken away and declared again knows what was written in between', async () => {
    const declared = { ...people, unique: ['mail'], indexes: ['team'] };
    await (await reopen(declared)).insert(declared, { id: 'a', mail: 'old@y.test', team: 'x' });
    const without = await reopen(people);
    await without.updateIf(people, 'a', {}, { set: { mail: 'new@y.test', team: 'y' } }, 'after');
    const again = await reopen(declared);
    expect(ids(await again.find(declared, 'team', 'y'))).toEqual(['a']);
    expect(await again.find(declared, 'mail', 'old@y.test')).toEqual([]);
    expect(await again.insert(declared, { id: 'b', mail: 'new@y.test' })).toBe('duplicate');
  });

  it('an index may become unique, and unique an index', async () => {
    const indexed = { ...people, indexes: ['mail'] };
    const unique = { ...people, unique: ['mail'] };
    await (await reopen(indexed)).insert(indexed, { id: 'a', mail: 'm' });
    expect(await (await reopen(unique)).insert(unique, { id: 'b', mail: 'm' })).toBe('duplicate');
    expect(await (await reopen(indexed)).insert(indexed, { id: 'b', mail: 'm' })).toBe('inserted');
  });

  it('an index that was dropped is made again at the next start [F12] [W185]', async () => {
    const declared = { ...people, unique: ['mail'] };
    await (await reopen(declared)).insert(declared, { id: 'a', mail: 'm' });
    await byHand('DROP INDEX "people.mail.unique"');
    expect(await (await reopen(declared)).insert(declared, { id: 'b', mail: 'm' })).toBe('duplicate');
  });

  it('a start that finds two documents with one unique value is refused and names the field [F12]', async () => {
    const first = await reopen(people);
    await first.insert(people, { id: 'a', mail: 'm' });
    await first.insert(people, { id: 'b', mail: 'm' });
    const declared = { ...people, unique: ['mail'] };
    await expect(reopen(declared)).rejects.toThrow('"mail" of people is declared unique, but stored documents share a value');
    await (await reopen(people)).delete(people, 'b');
    expect(await (await reopen(declared)).insert(declared, { id: 'b', mail: 'm' })).toBe('duplicate');
  });

  it.each([
    ['a quote in a collection', { ...people, name: 'people" (x); --' }],
    ['a name of SQLite itself', { ...people, name: 'sqlite_master' }],
    ['a capital first', { ...people, name: 'People' }],
    ['a quote in a field', { ...people, indexes: ['team"'] }],
    ['a path', { ...people, unique: ['a.b'] }],
    ['fields that differ by case only', { ...people, unique: ['mail'], indexes: ['mAil'] }],
  ])('refuses %s', async (_, declaration) => {
    await expect(reopen(declaration)).rejects.toThrow(/cannot be the name|are named/);
    await reopen(people);
  });
});

describe('a file that cannot be trusted', () => {
  it('is refused when it is not a database, or of a newer format', async () => {
    await (await reopen(people)).insert(people, { id: 'a' });
    await byHand('PRAGMA user_version = 99');
    await expect(reopen(people)).rejects.toThrow(/cannot open the store .*written by a newer version/);
    await byHand('PRAGMA user_version = 1');
    expect(await (await reopen(people)).get(people, 'a')).toEqual({ id: 'a' });
    await byHand('');
    writeFileSync(path, 'x'.repeat(10_000));
    await expect(reopen(people)).rejects.toThrow(/cannot open the store .*not a database/);
  });

  it('a document that is not JSON is unavailable, its neighbours are not', async () => {
    const first = await reopen(people);
    await first.insert(people, { id: 'good' });
    await first.insert(people, { id: 'secret-id' });
    await byHand(`UPDATE people SET doc = '{"id":' WHERE id = 'secret-id'`);
    const damaged = await reopen(people);
    const [bad, good] = await Promise.allSettled([
      damaged.updateIf(people, 'secret-id', {}, { set: { a: 1 } }, 'after'),
      damaged.updateIf(people, 'good', {}, { set: { a: 1 } }, 'after'),
    ]);
    expect(bad).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    expect(good).toMatchObject({ status: 'fulfilled', value: { id: 'good', a: 1 } });
    const refusal = await damaged.get(people, 'secret-id').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StoreUnavailable);
    expect(String(refusal)).toContain('people holds a document that is not JSON');
    expect(String(refusal)).not.toContain('secret-id');
    expect(await damaged.get(people, 'good')).toEqual({ id: 'good', a: 1 });
  });
});

describe('the files', () => {
  it('belong to their owner alone', async () => {
    await (await reopen(people)).insert(people, { id: 'a' });
    const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);
    expect(mode(join(directory, 'made'))).toBe('700');
    expect([path, `${path}-wal`, `${path}-shm`, `${path}-lock`].map(mode)).toEqual(['600', '600', '600', '600']);
  });

  it('the log stays bounded however much is written, and is empty after close', async () => {
    const open = await reopen(people);
    const every = <T>(write: (id: string) => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: 100 }, (_, n) => write(`p${n}`)));
    await every((id) => open.insert(people, { id, text: '' }));
    for (let round = 0; round < 20; round += 1) {
      const text = String.fromCharCode(97 + round).repeat(50_000);
      expect(await every((id) => open.updateIf(people, id, {}, { set: { text } }, 'after'))).not.toContain(null);
    }
    expect(statSync(`${path}-wal`).size).toBeLessThan(32 * 1_024 * 1_024);
    await open.close();
    engine = null;
    expect(statSync(path).size).toBeGreaterThan(5_000_000);
    expect(statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as elapse } from 'node:timers/promises';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CollectionDeclaration, DocumentEngine } from '../../src/ports/document-engine.ts';
import { openSqliteEngine } from '../../src/stores/sqlite/engine.ts';

const people: CollectionDeclaration = { name: 'people', unique: [], indexes: [], expires: 'until' };
let directory: string;
let engine: DocumentEngine;
let tool: InstanceType<typeof DatabaseSync>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'reads-'));
  const path = join(directory, 'store.sqlite');
  engine = await openSqliteEngine({ path, collections: [people] });
  // What an operator has in a terminal beside the running process.
  tool = new DatabaseSync(path, { timeout: 5_000 });
});
afterEach(async () => {
  tool.close();
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});

const disable = (id: string) => tool.prepare(`UPDATE people SET doc = json_set(doc, '$.status', 'disabled') WHERE id = ?`).run(id);
const status = async (id: string) => (await engine.get(people, id))?.['status'];

describe('reads of the embedded engine', () => {
  it('see what an operator changes by hand, at the next request and whatever else is being written', async () => {
    for (let round = 0; round < 50; round += 1) {
      const id = `p${round}`;
      await engine.insert(people, { id, status: 'active' });
      expect(await status(id)).toBe('active');
      expect(await status(id)).toBe('active');
      // Half the rounds directly after a write of our own, half when nothing of ours was written for a turn.
      if (round % 2 === 0) await engine.updateIf(people, id, {}, { set: { n: round } }, 'after');
      expect(await status(id)).toBe('active');
      await nextTurn();
      disable(id);
      expect(await status(id)).toBe('disabled');
    }
  });

  it('see a change by hand that came while a write was under way as soon as the next write has been answered', async () => {
    await engine.insert(people, { id: 'a', status: 'active' });
    for (let round = 0; round < 50; round += 1) {
      await engine.updateIf(people, 'a', {}, { set: { status: 'active' } }, 'after');
      expect(await status('a')).toBe('active');
      const underWay = engine.insert(people, { id: `other-${round}` });
      disable('a');
      await underWay;
      await engine.insert(people, { id: `next-${round}` });
      expect(await status('a')).toBe('disabled');
    }
  });

  it('see a change by hand in a moment when nothing is written after the write it came with', async () => {
    await engine.insert(people, { id: 'a', status: 'active' });
    const held = new Int32Array(new SharedArrayBuffer(4));
    for (let round = 0; round < 16; round += 1) {
      await engine.updateIf(people, 'a', {}, { set: { status: 'active' } }, 'after');
      await elapse(100);
      expect(await status('a')).toBe('active');
      const underWay = engine.insert(people, { id: `other-${round}` });
      for (let turn = 0; turn < round % 8; turn += 1) await nextTurn();
      // The thread commits, the tool too, and we hear of neither before both have.
      Atomics.wait(held, 0, 0, 10);
      disable('a');
      await underWay;
      await elapse(300);
      expect([round, await status('a')]).toEqual([round, 'disabled']);
    }
  }, 60_000);

  it('see every write that was answered, and no document twice or changed by whoever got it', async () => {
    await engine.insert(people, { id: 'a', n: 0 });
    const seen: number[] = [];
    const readers = Array.from({ length: 4 }, async () => {
      for (let turn = 0; turn < 400; turn += 1) {
        const n = (await engine.get(people, 'a'))?.['n'];
        seen.push(Number(n));
        if (turn % 3 === 0) await nextTurn();
      }
    });
    for (let n = 1; n <= 60; n += 1) {
      const [first, second] = await Promise.all([
        engine.updateIf(people, 'a', { n: 2 * n - 2 }, { set: { n: 2 * n - 1 } }, 'after'),
        engine.updateIf(people, 'a', { n: 2 * n - 1 }, { set: { n: 2 * n } }, 'after'),
      ]);
      expect([first?.['n'], second?.['n']]).toEqual([2 * n - 1, 2 * n]);
      expect((await engine.get(people, 'a'))?.['n']).toBe(2 * n);
    }
    await Promise.all(readers);
    // Pushed in the order of the answers: what once was newer is never older again.
    expect(seen).toEqual([...seen].sort((x, y) => x - y));
    const document = (await engine.get(people, 'a')) as Record<string, unknown>;
    expect(() => (document['n'] = 7)).toThrow(TypeError);
  });

  it('find nothing of what was deleted or swept', async () => {
    await engine.insert(people, { id: 'a', until: 10 });
    await engine.insert(people, { id: 'b', until: 10 });
    expect(await engine.get(people, 'a')).not.toBeNull();
    expect(await engine.get(people, 'b')).not.toBeNull();
    await engine.delete(people, 'a');
    expect(await engine.get(people, 'a')).toBeNull();
    await engine.sweep(people, 10);
    expect(await engine.get(people, 'b')).toBeNull();
    await engine.insert(people, { id: 'a', until: 20 });
    expect(await engine.get(people, 'a')).toEqual({ id: 'a', until: 20 });
  });
});

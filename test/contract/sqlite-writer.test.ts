import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { connect, type Connection } from '../../src/stores/sqlite/connection.ts';
import { encodeInsert } from '../../src/stores/sqlite/encode.ts';
import { GroupCommit, type StoreEvent } from '../../src/stores/sqlite/group-commit.ts';
import type { Outcome } from '../../src/stores/sqlite/messages.ts';
import { materialise } from '../../src/stores/sqlite/schema.ts';
import { numbered } from './crash/numbered.ts';

const STALLED_AFTER = 300;
let directory: string;
let reader: Connection;
let writer: GroupCommit;
let events: StoreEvent[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'writer-'));
  const path = join(directory, 'store.sqlite');
  reader = connect(path);
  materialise(reader, [numbered]);
  events = [];
  const script = new URL('./crash/faulty-writer.js', import.meta.url);
  writer = new GroupCommit({ path, collections: [numbered], script, stallMs: STALLED_AFTER, log: (event) => events.push(event) });
});
afterEach(async () => {
  await writer.close();
  reader.close();
  rmSync(directory, { recursive: true, force: true });
});

const insert = (id: string): Promise<Outcome> => writer.submit(encodeInsert(numbered, { id }));
const stored = (): unknown[] =>
  reader
    .prepare('SELECT id FROM numbered ORDER BY id')
    .all()
    .map((row) => (row as { id: string }).id);
const done = { kind: 'done', value: true };

/** Long enough to start a thread, whatever the machine is doing: while it stalls it refuses at once, so tries alone are no time. */
async function warmUp(): Promise<void> {
  const warm = () =>
    insert('warm').then(
      () => true,
      () => false,
    );
  for (let tries = 0; tries < 200 && !(await warm()); tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  events.length = 0;
}

describe('a writer thread that dies', () => {
  it('takes its own batch with it, refused as unavailable, and is replaced for the writes that follow', async () => {
    await warmUp();
    const lost = await Promise.allSettled([insert('a'), insert('die'), insert('b')]);
    for (const each of lost) expect(each).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    expect(events).toEqual([
      { event: 'writerDied', reason: 'it ended with code 7' },
      { event: 'commitFailed', reason: 'the writer thread died: it ended with code 7' },
    ]);
    await warmUp();
    expect(await insert('c')).toEqual(done);
    expect(stored()).toEqual(['c', 'warm']);
  });

  it('leaves writes that were still waiting to its successor', async () => {
    await warmUp();
    const dying = insert('die').catch((error: unknown) => error);
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = Array.from({ length: 5 }, (_, n) => insert(`w${n}`));
    expect(await dying).toBeInstanceOf(StoreUnavailable);
    await Promise.allSettled(waiting);
    await warmUp();
    expect(await insert('z')).toEqual(done);
  });
});

describe('a disk that does not answer', () => {
  it('callers are refused after the time allowed, those who come meanwhile at once, and all is well when it answers', async () => {
    await warmUp();
    const started = performance.now();
    await expect(insert('stall')).rejects.toThrow(StoreUnavailable);
    expect(performance.now() - started).toBeLessThan(1_200);
    expect(events).toEqual([{ event: 'writerStalled', reason: `no commit within ${STALLED_AFTER} ms` }]);
    const meanwhile = performance.now();
    await expect(insert('meanwhile')).rejects.toThrow('does not answer');
    expect(performance.now() - meanwhile).toBeLessThan(STALLED_AFTER);
    let answered = false;
    for (let tries = 0; tries < 100 && !answered; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      answered = await insert(`after${tries}`).then(
        () => true,
        () => false,
      );
    }
    expect(answered).toBe(true);
    expect(stored()).not.toContain('meanwhile');
  });
});

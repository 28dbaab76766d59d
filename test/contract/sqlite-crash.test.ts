import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DocumentEngine, StoredDocument } from '../../src/ports/document-engine.ts';
import { openSqliteEngine } from '../../src/stores/sqlite/engine.ts';
import { type Child, endChild, startChild } from './crash/child.ts';
import { numbered, numberedDocument, WRITERS } from './crash/numbered.ts';

let directory: string;
let path: string;
const children: Child[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crash-'));
  path = join(directory, 'store.sqlite');
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(endChild));
  rmSync(directory, { recursive: true, force: true });
});

function start(...args: Parameters<typeof startChild>): Child {
  const child = startChild(...args);
  children.push(child);
  return child;
}

const open = (): Promise<DocumentEngine> => openSqliteEngine({ path, collections: [numbered] });

async function everything(engine: DocumentEngine): Promise<Map<string, StoredDocument>> {
  const all = new Map<string, StoredDocument>();
  for (let after = ''; ;) {
    const page = await engine.page(numbered, { after, limit: 1_000 });
    for (const document of page) all.set(document.id, document);
    const last = page.at(-1);
    if (last === undefined) return all;
    after = last.id;
  }
}

/** Compares the documents of one round with what the killed process had acknowledged. */
function checkRound(all: Map<string, StoredDocument>, round: number, lines: readonly string[]): number {
  const said = lines.map((line) => line.split(' ') as [string, string, string]);
  const inserted = said.filter(([kind]) => kind === 'i');
  const missing = inserted.filter(([, id]) => !all.has(id));
  expect(missing).toEqual([]);
  for (const [, counter, value] of said.filter(([kind]) => kind === 'u')) {
    expect(Number(all.get(counter)?.['value'])).toBeGreaterThanOrEqual(Number(value));
  }
  const ofRound = [...all.values()].filter((document) => document.id.startsWith(`${round}-`));
  for (const document of ofRound) expect(document).toEqual(numberedDocument(document.id, Number(document['n'])));
  // Beyond what was said, each writer had one insert under way.
  expect(ofRound.length - inserted.length).toBeLessThanOrEqual(WRITERS);
  return inserted.length;
}

describe('a store whose process is killed', () => {
  it('has lost nothing it acknowledged, and every document is whole', async () => {
    let acknowledged = 0;
    for (let round = 0; round < 12; round += 1) {
      const child = start('keep-writing', [path, String(round)]);
      await child.line('u');
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
      expect(child.process.exitCode).toBeNull();
      await endChild(child);
      const engine = await open();
      acknowledged += checkRound(await everything(engine), round, child.lines);
      await engine.close();
    }
    expect(acknowledged).toBeGreaterThan(1_000);
    const db = new DatabaseSync(path);
    expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    db.close();
  }, 60_000);
});

describe('one process per file', () => {
  it('a second process is refused in plain words until the first is gone, even by SIGKILL', async () => {
    const child = start('hold', [path, 'stay']);
    await child.line('open');
    await expect(open()).rejects.toThrow('another process has it open');
    await endChild(child);
    const engine = await open();
    expect(await engine.get(numbered, 'held')).toEqual({ id: 'held' });
    await expect(open()).rejects.toThrow('another process has it open');
    const second = start('hold', [path, 'stay']);
    expect(await second.ended).toBe(1);
    expect(second.complaints.join('')).toContain('another process has it open, and the embedded store serves one');
    await engine.insert(numbered, { id: 'undisturbed' });
    await engine.close();
    await (await open()).close();
  }, 20_000);

  it('an idle store keeps no process alive', async () => {
    const child = start('hold', [path, 'leave']);
    await child.line('open');
    const late = new Promise((resolve) => setTimeout(resolve, 5_000, 'still alive').unref());
    expect(await Promise.race([child.ended, late])).toBe(0);
  }, 20_000);
});

// A limit on the size of files stands in for the end of the disk; raising it needs a tool of Linux.
const onLinux = process.platform === 'linux' ? it : it.skip;

describe('a full disk', () => {
  onLinux(
    'refuses writes, goes on reading, loses nothing acknowledged and recovers when there is space',
    async () => {
      const child = start('fill', [path], ['prlimit', '--fsize=3000000:unlimited']);
      const [, before] = (await child.line('refused')).split(' ');
      expect(Number(before)).toBeGreaterThan(10);
      const waiting: unknown = JSON.parse((await child.line('waiting')).slice('waiting '.length));
      expect(waiting).toEqual({ again: Array<boolean>(8).fill(false), readable: true, events: ['commitFailed'] });
      execFileSync('prlimit', ['--pid', String(child.process.pid), '--fsize=unlimited:unlimited']);
      const recovered = JSON.parse((await child.line('recovered')).slice('recovered '.length)) as { same: boolean; count: number };
      expect(recovered.same).toBe(true);
      expect(recovered.count).toBeGreaterThan(Number(before));
      expect(await child.ended).toBe(0);
    },
    20_000,
  );
});

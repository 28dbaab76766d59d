import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { collections, policyRevisions } from '../../src/stores/collections.ts';
import type { FollowedPolicy } from '../../src/stores/followed-policy.ts';
import { followPolicy } from '../../src/stores/followed-policy.ts';
import { openPolicies } from '../../src/stores/policies.ts';
import { openSqliteEngine } from '../../src/stores/sqlite/engine.ts';
import { keptLog } from '../support/feed-world.ts';
import { hookEngine } from '../support/slow-engine.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string;
let engine: DocumentEngine;
let isDown = false;
let skew = 0;
let log: ReturnType<typeof keptLog>;
const open: FollowedPolicy<string>[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'followed-'));
  [isDown, skew, log] = [false, 0, keptLog()];
  const file = await openSqliteEngine({ path: join(folder, 'store.db'), collections });
  engine = hookEngine(file, () => {
    if (isDown) throw new StoreUnavailable('planted');
  });
});
afterEach(async () => {
  for (const each of open.splice(0)) each.close();
  isDown = false;
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const clock = { now: () => Date.now() + skew };
const times = { interval: 20, staleness: 100 };
function read(document: unknown): string {
  if (typeof document !== 'object' || document === null || !('says' in document)) throw new TypeError('of the future');
  return String(document.says);
}
const follow = async (): Promise<FollowedPolicy<string>> => {
  const followed = await followPolicy({ policies: openPolicies(engine), clock, log, read, times });
  open.push(followed);
  return followed;
};
const publish = (number: number, document: unknown) =>
  openPolicies(engine).add({ number, at: 1, source: 'apply', by: 'ana', note: `the ${number}.` }, document);

async function until(isSo: () => boolean): Promise<void> {
  const latest = Date.now() + 10_000;
  while (!isSo()) {
    if (Date.now() > latest) throw new Error('it never came');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a policy that is followed', () => {
  it('is the newest there is, for everybody who follows', async () => {
    await publish(1, { says: 'one' });
    const both = [await follow(), await follow()];
    expect(both.map((each) => [each.revision(), each.current()])).toEqual([
      [1, 'one'],
      [1, 'one'],
    ]);
    await publish(2, { says: 'two' });
    await until(() => both.every((each) => each.current() === 'two' && each.revision() === 2));
  });

  it('is not fresh while it cannot be looked for, and then nothing is allowed; and comes back by itself', async () => {
    await publish(1, { says: 'one' });
    const followed = await follow();
    expect(followed.isFresh()).toBe(true);
    isDown = true;
    await until(() => !followed.isFresh());
    await expect(followed.fresh()).rejects.toThrow(StoreUnavailable);
    isDown = false;
    await followed.fresh();
    expect(followed.isFresh()).toBe(true);
    // A clock that steps back says nothing about what is fresh.
    skew = -60_000;
    expect(followed.isFresh()).toBe(false);
    await followed.fresh();
    expect(followed.isFresh()).toBe(true);
  });

  it('that cannot be read lets nobody do anything, and is told of once', async () => {
    await publish(1, { says: 'one' });
    const followed = await follow();
    await publish(2, 'of the future');
    await until(() => !followed.isFresh());
    await expect(followed.fresh()).rejects.toThrow('cannot be read by this version');
    expect(log.lines.filter(({ event }) => event === 'policy.unreadable')).toHaveLength(1);
    await publish(3, { says: 'three' });
    await until(() => followed.isFresh() && followed.current() === 'three');
  });

  it('is put back once into a store that has lost everything, as it is in force', async () => {
    for (const number of [1, 2, 3]) await publish(number, { says: `the ${number}.` });
    const both = [await follow(), await follow()];
    for (const { id } of await engine.page(policyRevisions)) await engine.delete(policyRevisions, id);
    await until(() => both.every((each) => each.isFresh() && each.revision() === 1));
    expect(both.map((each) => each.current())).toEqual(['the 3.', 'the 3.']);
    const history = await openPolicies(engine).history({ limit: 10 });
    expect(history).toEqual([
      expect.objectContaining({ number: 1, source: 'apply', by: 'ana', note: expect.stringContaining('lost revision 3') }),
    ]);
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { onePolicy } from '../../src/ports/policy-in-force.ts';
import { GrantId } from '../../src/domain/ids.ts';
import type { Standing } from '../../src/domain/standing.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import type { AuthorityChange, AuthorityFeed } from '../../src/ports/authority-feed.ts';
import type { DocumentEngine } from '../../src/ports/document-engine.ts';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { openAuthorityFeed } from '../../src/stores/authority-feed.ts';
import { cachedAuthority } from '../../src/stores/cached-authority.ts';
import { collections } from '../../src/stores/collections.ts';
import { openSqliteEngine } from '../../src/stores/sqlite/engine.ts';
import { grantId, keptLog, standing, until } from '../support/feed-world.ts';

const times = { interval: 20, staleness: 150, overlap: 5_000, kept: 60_000 };

let folder: string;
let engine: DocumentEngine;
let isDown: boolean;
let skew: number;
const feeds: AuthorityFeed[] = [];

/** One instance's feed over the store both share, with a clock of its own. */
function instance(ahead = 0): AuthorityFeed {
  const failing: DocumentEngine = {
    insert: (...args) => engine.insert(...args),
    get: (...args) => engine.get(...args),
    find: (...args) => engine.find(...args),
    updateIf: (...args) => engine.updateIf(...args),
    delete: (...args) => engine.delete(...args),
    page: (...args) => (isDown ? Promise.reject(new StoreUnavailable('down')) : engine.page(...args)),
    sweep: (...args) => engine.sweep(...args),
    time: async () => Promise.resolve(Date.now()),
    close: () => engine.close(),
  };
  const feed = openAuthorityFeed(failing, { clock: { now: () => Date.now() + ahead + skew }, entropy: nodeEntropy, log: keptLog(), times });
  feeds.push(feed);
  return feed;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drawbridge-feed-'));
  engine = await openSqliteEngine({ path: join(folder, 'store.db'), collections });
  [isDown, skew] = [false, 0];
});
afterEach(async () => {
  for (const feed of feeds.splice(0)) feed.close();
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the authority feed', () => {
  it('tells every instance of every change, once, also from clocks that differ', async () => {
    const [here, there] = [instance(), instance(2_000)];
    const heard: AuthorityChange[][] = [[], []];
    [here, there].forEach((feed, index) => feed.follow((change) => heard[index]?.push(change)));
    const sent = Array.from({ length: 40 }, (_, index): AuthorityChange => ({ kind: 'grant', key: `g${index}` }));
    await Promise.all(sent.map((change, index) => (index % 2 === 0 ? here : there).append(change)));
    await until(() => heard.every((list) => list.length >= sent.length));
    await wait(200);
    const keys = (list: AuthorityChange[] | undefined) => (list ?? []).map(({ key }) => key).sort();
    expect(keys(heard[0])).toEqual(keys(sent));
    expect(keys(heard[1])).toEqual(keys(sent));
  });

  it('tells of it soon however far two clocks are apart [F19]', async () => {
    const feedsApart = [instance(-120_000), instance(), instance(180_000)];
    for (const [index, feed] of feedsApart.entries()) {
      await until(() => feedsApart.every((each) => each.isFresh()));
      const heard = feedsApart.map(async (each) => new Promise<AuthorityChange>((resolve) => each.follow(resolve)));
      const change: AuthorityChange = { kind: 'user', key: `u_${index}` };
      await feed.append(change);
      const late = wait(1_000).then(() => null);
      for (const each of heard) expect(await Promise.race([each, late])).toEqual(change);
    }
  });

  it('is not fresh before its first look, while the store is down, and when the clock jumps; and recovers by itself', async () => {
    const feed = instance();
    expect(feed.isFresh()).toBe(false);
    await until(() => feed.isFresh());
    isDown = true;
    await until(() => !feed.isFresh());
    isDown = false;
    await until(() => feed.isFresh());
    skew = -60_000;
    expect(feed.isFresh()).toBe(false);
    await until(() => feed.isFresh());
  });
});

describe('an authority that remembers', () => {
  let asked: number;
  let answer: () => Promise<Standing | null>;
  const remembering = (feed: AuthorityFeed, { most = 10, oldest = 60_000, settling = 0 } = {}) =>
    cachedAuthority(
      { standing: async () => ((asked += 1), answer()) },
      { feed, policy: onePolicy, clock: { now: () => Date.now() + skew }, bounds: { most, oldest, settling } },
    );
  beforeEach(() => {
    asked = 0;
    answer = () => Promise.resolve(standing);
  });

  it('asks again once a role ends by itself, and when another policy is in force', async () => {
    const feed = instance();
    const policy = { ...onePolicy, number: 1 };
    const authority = cachedAuthority(
      { standing: async () => ((asked += 1), answer()) },
      {
        feed,
        policy: { ...onePolicy, revision: () => policy.number },
        clock: { now: () => Date.now() + skew },
        bounds: { most: 10, oldest: 60_000, settling: 0 },
      },
    );
    await until(() => feed.isFresh());
    const endsAt = Date.now() + 300;
    answer = () => Promise.resolve({ ...standing, endsAt });
    for (let call = 0; call < 3; call += 1) await authority.standing(grantId);
    expect(asked).toBe(1);
    await until(() => Date.now() >= endsAt);
    answer = () => Promise.resolve(standing);
    await authority.standing(grantId);
    expect(asked).toBe(2);
    await authority.standing(grantId);
    policy.number = 2;
    await authority.standing(grantId);
    expect(asked).toBe(3);
  });

  it('asks once and then not again, until something was taken away anywhere [W137]', async () => {
    const [here, there] = [instance(), instance()];
    const authority = remembering(here);
    await until(() => here.isFresh());
    for (let call = 0; call < 5; call += 1) expect(await authority.standing(grantId)).toBe(standing);
    expect(asked).toBe(1);
    for (const change of [
      { kind: 'grant', key: grantId },
      { kind: 'member', key: 'acme:u_ana' },
      { kind: 'user', key: 'u_ana' },
      { kind: 'client', key: 'app' },
      { kind: 'identity', key: 'identity of ana' },
    ] as const) {
      await authority.standing(grantId);
      const before = asked;
      const heard = new Promise((resolve) => here.follow(resolve));
      await there.append(change);
      await heard;
      await authority.standing(grantId);
      expect(asked).toBe(before + 1);
    }
    const before = asked;
    await here.append({ kind: 'user', key: 'u_somebody_else' });
    await authority.standing(grantId);
    expect(asked).toBe(before);
  });

  it('[W151] uses nothing remembered while the feed cannot be heard, and fails with the store', async () => {
    const feed = instance();
    const authority = remembering(feed);
    await until(() => feed.isFresh());
    await authority.standing(grantId);
    isDown = true;
    answer = () => Promise.reject(new StoreUnavailable('down'));
    await until(() => !feed.isFresh());
    await expect(authority.standing(grantId)).rejects.toThrow(StoreUnavailable);
  });

  it('does not remember an answer that a change overtook', async () => {
    const feed = instance();
    const authority = remembering(feed);
    await until(() => feed.isFresh());
    answer = async () => {
      await feed.append({ kind: 'grant', key: grantId });
      return standing;
    };
    await authority.standing(grantId);
    answer = () => Promise.resolve(null);
    expect(await authority.standing(grantId)).toBeNull();
  });

  it('asks again when what it remembers is old, and remembers no more than it may', async () => {
    const feed = instance();
    await until(() => feed.isFresh());
    const brief = remembering(feed, { most: 1, oldest: 30 });
    await brief.standing(grantId);
    await wait(60);
    await brief.standing(grantId);
    expect(asked).toBe(2);
    const small = remembering(feed, { most: 1, oldest: 60_000 });
    const other = GrantId.parse('h'.repeat(22));
    await small.standing(grantId);
    await small.standing(other);
    await small.standing(grantId);
    expect(asked).toBe(5);
  });
});

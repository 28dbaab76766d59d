/** A feed whose store tells of inserts by itself. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { onePolicy } from '../../src/ports/policy-in-force.ts';
import type { Standing } from '../../src/domain/standing.ts';
import type { AuthorityChange } from '../../src/ports/authority-feed.ts';
import { cachedAuthority } from '../../src/stores/cached-authority.ts';
import { authorityChanges } from '../../src/stores/collections.ts';
import { deaf, type FeedWorld, grantId, openFeedWorld, quick, standing, until } from '../support/feed-world.ts';

let world: FeedWorld;
beforeEach(async () => {
  world = await openFeedWorld();
});
afterEach(() => world.close());

const row = (id: string, key: string) => ({ id: `000000000000001-${id}`, kind: 'grant', key, expiresAt: 1 });

describe('a store that tells of inserts', () => {
  it('is believed at once, however often it says the same, and what it says is parsed', () => {
    const heard: AuthorityChange[] = [];
    world.instance(deaf).follow((change) => heard.push(change));
    for (const watcher of world.watchers) {
      watcher.inserted(row('a', 'one'));
      watcher.inserted(row('a', 'one'));
      watcher.inserted({ id: 'x' });
      watcher.inserted({ ...row('b', 'two'), kind: 'everything' });
      watcher.inserted({ ...row('c', 'three'), more: 'x' });
    }
    expect(heard).toEqual([
      { kind: 'grant', key: 'one' },
      { kind: 'grant', key: 'three' },
    ]);
  });

  it('is not what makes the feed fresh: only a look proves that nothing was missed [F39]', async () => {
    const feed = world.instance(quick);
    await until(() => feed.isFresh());
    world.isReadable = false;
    for (let count = 0; count < 40 && feed.isFresh(); count += 1) {
      for (const watcher of world.watchers) watcher.inserted(row(`n${count}`, 'one'));
      await wait(10);
    }
    expect(feed.isFresh()).toBe(false);
  });

  it('is told once of each change, whichever way it is heard first', async () => {
    const [here, there] = [world.instance(quick), world.instance(quick)];
    const heard: AuthorityChange[] = [];
    there.follow((change) => heard.push(change));
    await here.append({ kind: 'grant', key: 'one' });
    const [first] = await world.engine.page(authorityChanges);
    for (const watcher of world.watchers) if (first !== undefined) watcher.inserted(first);
    await until(() => there.isFresh());
    await wait(100);
    for (const watcher of world.watchers) if (first !== undefined) watcher.inserted(first);
    expect(heard).toEqual([{ kind: 'grant', key: 'one' }]);
  });

  it('says in the log when the news breaks off and when there is none, and is told to stop', () => {
    const feed = world.instance(deaf);
    for (const watcher of world.watchers) {
      watcher.interrupted('because');
      watcher.unsupported();
    }
    expect(feed.lines).toEqual([{ event: 'authority.interrupted', reason: 'because' }, { event: 'authority.polled' }]);
    expect(world.watchers.size).toBe(1);
    feed.close();
    expect(world.watchers.size).toBe(0);
  });
});

describe('what was taken away while an instance heard nothing', () => {
  it('is heard when it hears again, however long that was [W151] [F39]', async () => {
    const [here, there] = [world.instance(quick), world.instance(quick)];
    const authority = cachedAuthority(
      { standing: () => Promise.resolve(answer) },
      { feed: here, policy: onePolicy, clock: { now: () => Date.now() } },
    );
    let answer: Standing | null = standing;
    await until(() => here.isFresh());
    expect(await authority.standing(grantId)).toBe(standing);
    answer = null;
    expect(await authority.standing(grantId)).toBe(standing);
    world.isReadable = false;
    await there.append({ kind: 'grant', key: grantId });
    await wait(quick.overlap + 200);
    world.isReadable = true;
    await until(() => here.isFresh());
    expect(await authority.standing(grantId)).toBeNull();
  });
});

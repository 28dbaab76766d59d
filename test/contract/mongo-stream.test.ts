/** How instances hear of what was taken away from a MongoDB with change streams, and from one without. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { feedTimes } from '../../src/stores/authority-feed.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { until } from '../support/feed-world.ts';
import { change, closeAll, deaf, events, instance, isHeard, quick } from '../support/mongo/instance.ts';
import { type MongoServer, startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';

needs('mongodb', 'the feed over a MongoDB', () => {
  let plain: MongoServer;
  let streaming: MongoServer;
  beforeAll(async () => {
    [plain, streaming] = await Promise.all([startMongo(), startMongo({ changeStreams: true })]);
  }, 60_000);
  afterEach(closeAll);
  afterAll(async () => {
    await Promise.all([plain.close(), streaming.close()]);
  });

  it('brings at once what another instance appended, if it has change streams', async () => {
    const url = streaming.url(streaming.database());
    const here = await instance(url, deaf);
    const there = await instance(url, deaf);
    // The stream is open when something was told; what was appended before that nobody owes us.
    let warm = 0;
    await until(async () => {
      await here.feed.append(change(`warm${(warm += 1)}`));
      await wait(20);
      return there.heard.length > 0;
    });
    const took: number[] = [];
    for (const key of Array.from({ length: 20 }, (_, index) => `k${index}`)) {
      const began = performance.now();
      await here.feed.append(change(key));
      await until(() => isHeard(there, key));
      took.push(performance.now() - began);
    }
    process.stderr.write(`heard after ${took.map((ms) => ms.toFixed(0)).join(' ')} ms\n`);
    expect(Math.max(...took)).toBeLessThan(1_000);
    expect(events(there)).toEqual([]);
  });

  it('is read where there are no change streams, which is said once', async () => {
    const url = plain.url(plain.database());
    const here = await instance(url, feedTimes);
    const there = await instance(url, feedTimes);
    await until(() => there.feed.isFresh());
    await here.feed.append(change('one'));
    expect(await until(() => isHeard(there, 'one'))).toBeLessThan(2_000);
    await wait(1_000);
    for (const one of [here, there]) expect(events(one)).toEqual(plain.hasChangeStreams ? [] : ['authority.polled']);
  });

  it('[F39] through a link that falls silent nothing remembered is used, and all is told again when it is back', async () => {
    const proxy = await startFaultProxy(streaming.host);
    try {
      const database = streaming.database();
      const there = await instance(streaming.url(database, proxy.host), quick);
      const here = await instance(streaming.url(database), quick);
      await here.feed.append(change('before'));
      await until(() => isHeard(there, 'before') && there.feed.isFresh());
      await proxy.set('hang');
      await here.feed.append(change('meanwhile'));
      expect(await until(() => !there.feed.isFresh())).toBeLessThan(2_000);
      expect(isHeard(there, 'meanwhile')).toBe(false);
      await proxy.set('pass');
      await until(() => there.feed.isFresh(), 10_000);
      expect(there.heard).toEqual(['before', 'meanwhile'].map(change));
      await here.feed.append(change('after'));
      await until(() => isHeard(there, 'after'));
    } finally {
      await closeAll();
      await proxy.close();
    }
  }, 30_000);
});

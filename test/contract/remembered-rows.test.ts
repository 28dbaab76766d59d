import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { users as collection } from '../../src/stores/collections.ts';
import { rememberedRows } from '../../src/stores/remembered-rows.ts';
import { type FeedWorld, openFeedWorld, quick, until } from '../support/feed-world.ts';

let world: FeedWorld;
let skew: number;
beforeEach(async () => {
  world = await openFeedWorld();
  skew = 0;
});
afterEach(() => world.close());

const bounds = { most: 2, oldest: 60_000, settling: 100 };
const clock = { now: () => Date.now() + skew };

/** One instance's memory of people, and how often it asked the store about them. */
async function instance() {
  const feed = world.instance(quick);
  const read = rememberedRows('user', feed, clock, bounds);
  await until(() => feed.isFresh());
  let asked = 0;
  const get = (id: string) =>
    read(id, () => {
      asked += 1;
      return world.engine.get(collection, id);
    });
  return { feed, get, asked: () => asked };
}

const person = (status: 'active' | 'disabled') => ({ status, name: null, email: null, seenAt: 0, createdAt: 0 });

describe('rows that are remembered', () => {
  it('are asked for once, until another instance tells of a change: then everybody knows better [F39]', async () => {
    const [here, there] = [await instance(), await instance()];
    await world.engine.insert(collection, { id: 'u_ana', ...person('active') });
    for (let count = 0; count < 5; count += 1) expect(await here.get('u_ana')).toMatchObject({ status: 'active' });
    expect(here.asked()).toBe(1);
    await there.feed.append({ kind: 'user', key: 'u_ana' });
    await world.engine.updateIf(collection, 'u_ana', {}, { set: { status: 'disabled' } }, 'after');
    await there.feed.append({ kind: 'user', key: 'u_ana' });
    await until(async () => (await here.get('u_ana'))?.['status'] === 'disabled', 1_000);
  });

  it('are not kept while what was announced of them may be yet to come', async () => {
    const { feed, get, asked } = await instance();
    await world.engine.insert(collection, { id: 'u_ana', ...person('active') });
    await feed.append({ kind: 'user', key: 'u_ana' });
    await get('u_ana');
    await get('u_ana');
    expect(asked()).toBe(2);
    skew = bounds.settling;
    await get('u_ana');
    await get('u_ana');
    expect(asked()).toBe(3);
  });

  it('are asked for again when they are old, when others took their place, and while the feed cannot be heard', async () => {
    const { feed, get, asked } = await instance();
    for (const id of ['u_1', 'u_2', 'u_3']) await world.engine.insert(collection, { id, ...person('active') });
    await get('u_1');
    await get('u_1');
    expect(asked()).toBe(1);
    skew = bounds.oldest + 1;
    await get('u_1');
    expect(asked()).toBe(2);
    await get('u_2');
    await get('u_3');
    await get('u_1');
    expect(asked()).toBe(5);
    world.isReadable = false;
    await until(() => !feed.isFresh());
    await get('u_1');
    await get('u_1');
    expect(asked()).toBe(7);
  });

  it('from before a gap in the news are asked for again, since the store may have lost what it knew', async () => {
    const { feed, get, asked } = await instance();
    await world.engine.insert(collection, { id: 'u_ana', ...person('active') });
    await get('u_ana');
    world.isReadable = false;
    await until(() => !feed.isFresh());
    world.isReadable = true;
    await until(() => feed.isFresh());
    expect(asked()).toBe(1);
    await get('u_ana');
    await get('u_ana');
    expect(asked()).toBe(2);
  });

  it('that are not there are looked for every time', async () => {
    const { get, asked } = await instance();
    const id = `u_${nodeEntropy.id()}`;
    expect(await get(id)).toBeNull();
    await world.engine.insert(collection, { id, ...person('active') });
    expect(await get(id)).toMatchObject({ id });
    expect(asked()).toBe(2);
  });
});

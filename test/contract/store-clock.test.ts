import { afterEach, expect, it } from '@jest/globals';
import { StoreUnavailable } from '../../src/ports/document-engine.ts';
import { openStoreClock, type StoreClock } from '../../src/stores/store-clock.ts';
import { keptLog, until } from '../support/feed-world.ts';

const times = { every: 10, longest: 2_000, apart: 20_000, quiet: 600_000 };
const opened: StoreClock[] = [];
afterEach(() => {
  for (const clock of opened.splice(0)) clock.close();
});

/** Our clock and the store's, each off by so many ms, and how long the store takes to tell its own by ours. */
function openWorld(ours: number, theirs: number, more: Partial<typeof times> = {}) {
  const world = { ours, theirs, takes: 0, isDown: false, asked: 0 };
  const log = keptLog();
  const time = async () => {
    world.asked += 1;
    if (world.isDown) throw new StoreUnavailable('down');
    world.ours += world.takes;
    return Promise.resolve(Date.now() + world.theirs);
  };
  const clock = openStoreClock({ time }, { clock: { now: () => Date.now() + world.ours }, log, times: { ...times, ...more } });
  opened.push(clock);
  const reasons = () => log.lines.map(({ event, reason }) => `${event}: ${reason}`);
  return { world, clock, reasons, offBy: async () => (await clock.now()) - Date.now() };
}

it('is the store’s, whatever our own clock says [F19]', async () => {
  for (const ours of [0, 120_000, -300_000, 30_000]) {
    const { offBy } = openWorld(ours, 25_000, { every: 60_000 });
    expect(Math.abs((await offBy()) - 25_000)).toBeLessThan(2_000);
  }
});

it('follows the store’s, and a step of our own at once', async () => {
  const { world, offBy } = openWorld(0, 0, { every: 60_000 });
  await offBy();
  world.ours = -240_000;
  expect(Math.abs(await offBy())).toBeLessThan(2_000);
  expect(world.asked).toBe(2);
  const often = openWorld(0, 0);
  often.world.theirs = 90_000;
  await until(async () => Math.abs((await often.offBy()) - 90_000) < 2_000);
});

it('believes no answer that was long on its way, and stays as it was while the store is down', async () => {
  const { world, offBy } = openWorld(0, 50_000, { every: 60_000 });
  await offBy();
  // Our own clock is set, so it asks, and the answer that would say that all is well comes five seconds later.
  [world.ours, world.theirs, world.takes] = [5_000, 0, 5_000];
  expect(Math.abs((await offBy()) - 60_000)).toBeLessThan(2_000);
  expect(world.asked).toBe(2);
  const down = openWorld(7_000, 0, { every: 60_000 });
  await down.offBy();
  [down.world.isDown, down.world.ours] = [true, 50_000];
  expect(Math.abs((await down.offBy()) - 43_000)).toBeLessThan(2_000);
});

it('tells operators when the two are far apart, once and again when it happens again', async () => {
  const { world, reasons } = openWorld(-45_000, 0);
  await until(() => world.asked > 5);
  expect(reasons()).toEqual(["clock.apart: this machine's clock is 45 s behind the store's"]);
  world.ours = 0;
  const settled = world.asked;
  await until(() => world.asked > settled + 3);
  world.ours = 61_000;
  await until(() => reasons().length === 2);
  expect(reasons()[1]).toBe("clock.apart: this machine's clock is 61 s ahead of the store's");
});

it('is our own where the store has none to tell', async () => {
  const clock = openStoreClock({}, { clock: { now: () => 1_234 }, log: keptLog() });
  opened.push(clock);
  expect(await clock.now()).toBe(1_234);
});

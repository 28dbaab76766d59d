/** Whole processes killed at random moments under load and started again: what they acknowledged is true, and nothing was done twice. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { MongoServer } from '../support/mongo-server.ts';
import { startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import { removeTemporaryFolders } from '../support/product-process.ts';
import type { Entry } from './support/acknowledgements.ts';
import type { During, Ran } from './support/fault-run.ts';
import { clean, runFault } from './support/fault-run.ts';
import type { Processes } from './support/processes.ts';
import { startProcesses } from './support/processes.ts';
import { openDice } from './support/seed.ts';

const slow = 120_000;
let processes: Processes | null = null;
afterEach(async () => {
  await processes?.close();
  processes = null;
}, slow);
afterAll(removeTemporaryFolders, slow);

/** Waits until a request of this kind is on its way, and a little longer, so that every step of it is met sooner or later. */
async function untilUnderWay({ log }: During, kind: Entry['kind'], ms: number): Promise<void> {
  const until = Date.now() + 5_000;
  const isUnderWay = () => log.entries.some((entry) => entry.kind === kind && entry.endedAt === null && entry.sentAt > Date.now() - 50);
  while (!isUnderWay() && Date.now() < until) await wait(1);
  await wait(ms);
}

/** Kills one instance after the other in the midst of requests of one kind, each started again at once. */
async function killAmid(kind: Entry['kind'], kills: number): Promise<Ran> {
  const running = processes as Processes;
  const names = running.instances.map(({ name }) => name);
  const kill = async (during: During) => {
    const dice = openDice(during.load.seed);
    const isCut = () => during.log.entries.some((entry) => entry.kind === kind && entry.endedAt !== null && entry.status === null);
    // Until one was cut off, which chance may put off.
    for (let count = 0; count < kills || (count < 10 && !isCut()); count += 1) {
      await untilUnderWay(during, kind, dice.roll(8));
      const name = dice.pick(names);
      await running.end(name, 'SIGKILL');
      await running.start(name);
      await during.load.hold(2);
    }
  };
  const busy = async (during: During) => {
    // Nothing else is as often under way by itself as it has to be met here.
    const state = { isOver: false };
    const more = async () => {
      while (!state.isOver) {
        const family = during.load.families[0];
        if (kind === 'exchange') await during.load.login();
        else if (family === undefined) await wait(20);
        else if ((await during.load.refresh(family)) === null) await wait(20);
      }
    };
    const others = [more(), more()];
    await kill(during);
    state.isOver = true;
    await Promise.all(others);
  };
  return runFault({
    place: running,
    engine: running.engine,
    lines: () => running.lines(),
    inject: async () => Promise.resolve(),
    meanwhile: busy,
    lift: async () => Promise.resolve(),
    times: [300, 3_000, 300],
  });
}

function expectGood(ran: Ran, kind: Entry['kind']): void {
  const cut = ran.during.filter((entry) => entry.kind === kind && entry.status === null);
  const lost = ran.during.filter(({ status }) => status === null).length;
  // Done, and nobody was told: the very window.
  const untold = cut.filter(({ about }) => about.grant !== undefined && ran.evidence.grants.get(about.grant)?.stage === 'live').length;
  process.stderr.write(
    `seed ${ran.seed}: ${ran.evidence.entries.length} requests, ${lost} lost to kills, ${cut.length} of them ${kind} (of ${untold} the grant lives), ${ran.honoured(kind)} ${kind} honoured\n`,
  );
  expect(ran.judged).toEqual(clean(ran));
  expect(cut.length).toBeGreaterThan(0);
  expect(ran.honoured(kind)).toBeGreaterThan(5);
}

const cases: readonly [string, Entry['kind']][] = [
  ['[F21] kill -9 while codes are being exchanged: no code brings two sets of tokens, and nobody is stranded [I1] [I3] [I7]', 'exchange'],
  ['[F22] kill -9 while refresh tokens rotate: never two lineages, and whoever asks again goes on [I1] [I2] [I3]', 'refresh'],
];

describe('one process over its own file', () => {
  it.each(cases)(
    '%s',
    async (_, kind) => {
      processes = await startProcesses();
      expectGood(await killAmid(kind, 3), kind);
    },
    slow,
  );
});

needs('mongodb', 'two processes over one MongoDB', () => {
  let server: MongoServer;
  beforeAll(async () => {
    server = await startMongo();
  }, slow);
  afterAll(() => server.close(), slow);

  it.each(cases)(
    '%s',
    async (_, kind) => {
      processes = await startProcesses({ names: ['a', 'b'], store: server.url(server.database()) });
      expectGood(await killAmid(kind, 3), kind);
    },
    slow,
  );
});

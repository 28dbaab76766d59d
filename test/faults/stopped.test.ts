/** One of two processes is told to end while a hundred things are under way: all of them go on, here until they are done or at the other one. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { Browser } from '../support/browser.ts';
import { authorizeUrl, openBrowser, pkce, register, signIn } from '../support/client.ts';
import type { MongoServer } from '../support/mongo-server.ts';
import { startMongo } from '../support/mongo-server.ts';
import { needs } from '../support/prerequisites.ts';
import { removeTemporaryFolders } from '../support/product-process.ts';
import { openRecorder } from '../support/recorder-mcp.ts';
import type { RecorderMcp } from '../support/recorder-mcp.ts';
import { instanceHeader } from './support/acknowledgements.ts';
import { clean, runFault } from './support/fault-run.ts';
import type { During } from './support/fault-run.ts';
import type { Processes } from './support/processes.ts';
import { startProcesses } from './support/processes.ts';
import type { Family } from './support/workload.ts';

const slow = 120_000;
const shutdown = { noticeSeconds: 1.5, graceSeconds: 5 };
const [parkedSignIns, heldCodes, streams] = [30, 30, 40];

let processes: Processes;
let upstream: RecorderMcp;

/** A person who stands before the identity provider or before the decision. */
async function park({ log }: During, isSignedIn: boolean): Promise<() => Promise<string | null>> {
  const browser: Browser = openBrowser({ fetch: log.fetch });
  await browser.get(authorizeUrl(processes, await register(processes), pkce(), { state: randomUUID() }));
  if (isSignedIn) await signIn(browser, 'erin');
  return async () => {
    if (!isSignedIn) await signIn(browser, 'erin');
    await browser.submit({ scope: ['read'] }, { form: '/consent', press: 'Approve' });
    return browser.location?.searchParams.get('code') ?? null;
  };
}

/** A stream that only listens, at the instance that is asked for. */
async function listen(access: string, instance: string): Promise<{ status: number; text: Promise<string>; leave(): void }> {
  const leaving = new AbortController();
  const headers = {
    Authorization: `Bearer ${access}`,
    Accept: 'text/event-stream',
    'MCP-Protocol-Version': '2025-11-25',
    [instanceHeader]: instance,
  };
  const answer = await fetch(processes.mcp, { headers, signal: leaving.signal });
  return { status: answer.status, text: answer.text(), leave: () => leaving.abort() };
}

/** As a balancer does: what says that it is not ready gets nothing any more, and the other one gets it all. */
async function balance({ log }: During): Promise<void> {
  for (let times = 0; times < 200; times += 1) {
    const ready = await log.ask({ kind: 'other', url: `${processes.issuer}/readyz`, instance: 'a' });
    if (ready?.status !== 200) break;
    await wait(20);
  }
  processes.front.targets.set('a', processes.front.targets.get('b') ?? 0);
}

needs('mongodb', 'two processes over one MongoDB', () => {
  let server: MongoServer;
  beforeAll(async () => {
    server = await startMongo();
    upstream = await openRecorder();
    const store = server.url(server.database());
    processes = await startProcesses({ names: ['a', 'b'], store, upstream: upstream.url, configure: { shutdown } });
  }, slow);
  afterEach(() => processes.close(), slow);
  afterAll(async () => {
    await removeTemporaryFolders();
    await upstream.close();
    await server.close();
  }, slow);

  it(
    '[F24] SIGTERM with sign-ins, codes, refreshes and streams in flight: readiness goes first, nothing fails, streams are sent back, the end is clean [I10]',
    async () => {
      const parked: (() => Promise<string | null>)[] = [];
      const open: Awaited<ReturnType<typeof listen>>[] = [];
      const stopped: Promise<{ code: number | null; afterMs: number }>[] = [];
      let listener: Family | null = null;
      const ran = await runFault({
        place: processes,
        engine: processes.engine,
        lines: () => processes.lines(),
        times: [500, 3_000, 500],
        inject: async (during) => {
          for (let count = 0; count < parkedSignIns; count += 10) {
            const ten = Array.from({ length: 10 }, (_, index) => park(during, index % 2 === 0));
            parked.push(...(await Promise.all(ten)));
          }
          await during.load.hold(heldCodes);
          for (let tries = 0; tries < 5 && listener === null; tries += 1) listener = await during.load.login();
          // Nobody else shall end it.
          (during.load.families as Family[]).splice(-1);
          const access = listener?.access ?? '';
          open.push(...(await Promise.all(Array.from({ length: streams }, (_, index) => listen(access, index % 2 === 0 ? 'a' : 'b')))));
          expect(open.map(({ status }) => status)).toEqual(open.map(() => 200));
          stopped.push(processes.end('a', 'SIGTERM'));
        },
        meanwhile: async (during) => {
          await balance(during);
          for (const finish of parked.splice(0, 10)) expect(await finish()).toMatch(/^db_ac_/);
        },
        lift: async () => {
          const [exit] = await Promise.all(stopped);
          expect(exit).toMatchObject({ code: 0, signal: null });
          expect(exit?.afterMs).toBeGreaterThan(shutdown.noticeSeconds * 1_000 - 100);
          expect(exit?.afterMs).toBeLessThan(10_000);
          for (const [index, { text, leave }] of open.entries()) {
            if (index % 2 === 0) expect(await text).toMatch(/^retry: \d+\n\n$/m);
            else leave();
            await text.catch(() => null);
          }
          // Where the streams are sent back to: whoever is there.
          const back = await listen((listener as Family | null)?.access ?? '', 'a');
          expect(back.status).toBe(200);
          back.leave();
          await back.text.catch(() => null);
          for (const finish of parked) expect(await finish()).toMatch(/^db_ac_/);
          await processes.start('a');
        },
      });
      const failed = ran.evidence.entries.filter(
        ({ status, kind }) => status === null || (status >= 500 && (kind !== 'other' || status !== 503)),
      );
      expect(failed).toEqual([]);
      for (const kind of ['exchange', 'refresh', 'tool', 'page'] as const)
        expect([kind, ran.during.some((e) => e.kind === kind)]).toEqual([kind, true]);
      expect(ran.judged).toEqual(clean(ran));
    },
    slow,
  );
});

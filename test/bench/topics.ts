import { join } from 'node:path';
import { bareName, koaName, startFloor, startReady } from './contenders/floor.ts';
import { startNginx, startProxy, startUpstream } from './contenders/gateways.ts';
import { startOurs } from './contenders/ours.ts';
import { openPlace } from './contenders/places.ts';
import type { Place } from './contenders/places.ts';
import type { Ours } from './contenders/ours.ts';
import { peerName, startPeer } from './contenders/peer.ts';
import type { Peer } from './contenders/peer.ts';
import { startStubIdp } from './contenders/stub-idp.ts';
import type { StubIdp } from './contenders/stub-idp.ts';
import { stubClient } from './contenders/ours-config.ts';
import { drive } from './load.ts';
import { compare, median } from './measure.ts';
import type { Side } from './measure.ts';
import type { BenchOptions, Topic } from './options.ts';
import type { Served } from './processes.ts';
import { addComparison, addGrowth } from './results.ts';
import type { Found } from './results.ts';

/** What a run works with. */
export interface Bench {
  readonly options: BenchOptions;
  readonly folder: string;
  readonly found: Found;
  readonly places: readonly Place[];
  say(line: string): void;
}

const sidesOf = (ours: readonly Ours[], peer: Peer, topic: keyof Peer['exchanges']): Side[] => [
  ...ours.map(({ name, served, exchanges }) => ({ name, served, exchange: exchanges[topic] })),
  { name: peerName, served: peer.served, exchange: peer.exchanges[topic] },
];

const rate = (value: number) => Math.round(value).toLocaleString('en');

async function measure(
  { options: { plan }, found, say }: Bench,
  topic: string,
  sides: readonly Side[],
  change: Partial<typeof plan> = {},
): Promise<void> {
  const { rounds, ms, callers, most } = { ...plan, most: undefined, ...change };
  const figures = await compare(sides, { rounds, ms, callers, ...(most === undefined ? {} : { most }) });
  addComparison(found, topic, figures);
  say(
    `${topic}: ${figures.map(({ name, perCpuSecond, spread }) => `${name} ${rate(perCpuSecond)} (±${Math.round(spread * 50)} %)`).join(', ')}`,
  );
}

/** Each part of a login by itself, one after the other over the same logins. */
async function loginParts({ options: { plan }, found, say }: Bench, { login, served }: Ours): Promise<void> {
  const taken = { begin: [] as number[], callback: [] as number[], finish: [] as number[] };
  const most = Math.ceil(plan.most / 6);
  for (let index = 0; index < plan.rounds; index += 1) {
    for (const part of ['begin', 'callback', 'finish'] as const) {
      const before = await served.usage();
      const { count } = await drive(login[part], { port: served.port, callers: plan.callers, ms: 60_000, most });
      taken[part].push(((await served.usage()).cpu - before.cpu) / count);
    }
  }
  const parts = { begin: median(taken.begin), callback: median(taken.callback), finish: median(taken.finish) };
  found.loginParts = parts;
  const peer = found.figures['login']?.find(({ name }) => name === peerName);
  const ratios = found.ratios['login'];
  if (peer !== undefined && ratios !== undefined) {
    ratios['sqlite_without_callback_vs_oidc_provider'] = 1e6 / peer.perCpuSecond / (parts.begin + parts.finish);
  }
  say(
    `login, µs: ${Object.entries(parts)
      .map(([part, micros]) => `${part} ${rate(micros)}`)
      .join(', ')}`,
  );
}

/** Everything an authorization server does, ours beside the peer, and a refresh beside the least it can be. */
async function authorizationServer(bench: Bench, idp: StubIdp): Promise<void> {
  const { options, folder, say, places } = bench;
  const { plan, only, profile } = options;
  const wanted = (['metadata', 'jwks', 'registration', 'login', 'code', 'revoke'] as const).filter((topic) => only.has(topic));
  if (wanted.length === 0 && !only.has('refresh')) return;
  const usedUp = plan.most * (plan.rounds + 1);
  const population = { refreshed: usedUp, revoked: only.has('revoke') ? usedUp : 0, coded: only.has('code') ? usedUp : 0 };
  say(`filling stores with ${rate(population.refreshed + population.revoked + population.coded)} grants`);
  const ours: Ours[] = [];
  for (const place of places)
    ours.push(await startOurs({ place, profile, folder: join(folder, place.engine), idp, upstream: 9, population }));
  const peer = await startPeer(folder, population);
  for (const topic of wanted) {
    const sides = sidesOf(ours, peer, topic);
    const ready = topic === 'jwks' ? [await startReady(folder)] : [];
    const change = topic === 'code' || topic === 'revoke' ? { most: plan.most } : {};
    await measure(bench, topic, [...sides.slice(0, -1), ...ready, ...sides.slice(-1)], change);
    for (const { served } of ready) await served.stop();
    if (topic === 'login' && ours[0] !== undefined) await loginParts(bench, ours[0]);
  }
  if (only.has('refresh')) {
    const floor = [await startFloor(koaName, { folder, families: usedUp }), await startFloor(bareName, { folder, families: usedUp })];
    const sides = sidesOf(ours, peer, 'refresh');
    await measure(bench, 'refresh', [...sides.slice(0, -1), ...floor, ...sides.slice(-1)]);
    for (const { served } of floor) await served.stop();
  }
  await peer.served.stop();
  for (const { served } of ours) await served.stop();
}

/** One tool call through our gateway, through a bare proxy and through nginx: at full load, then with one caller. */
async function gateway(bench: Bench, idp: StubIdp): Promise<void> {
  const { options, folder, found, say, places } = bench;
  const { profile } = options;
  const upstream = await startUpstream(folder);
  const population = { refreshed: 1000, revoked: 0, coded: 0 };
  const ours: Ours[] = [];
  for (const place of places) {
    ours.push(
      await startOurs({ place, profile, folder: join(folder, `gateway-${place.engine}`), idp, upstream: upstream.port, population }),
    );
  }
  const proxy = await startProxy(folder, upstream.port);
  const nginx = await startNginx(folder, upstream.port);
  const mine: Side[] = [];
  for (const { name, served, toolCalls } of ours) mine.push({ name, served, exchange: await toolCalls() });
  const sides: Side[] = [...mine, proxy];
  await measure(bench, 'gateway', nginx === null ? sides : [...sides, nginx]);
  await measure(bench, 'gateway, one caller', sides, { callers: 1 });
  const alone = found.figures['gateway, one caller'] ?? [];
  const [first, bare] = [alone[0], alone.at(-1)];
  if (first !== undefined && bare !== undefined) found.added = { p50: first.p50 - bare.p50, p99: first.p99 - bare.p99 };
  if (nginx === null) say('nginx is not here');
  nginx?.judge.close();
  nginx?.judge.closeAllConnections();
  for (const { served } of [...sides, ...(nginx === null ? [] : [nginx])]) await served.stop();
  await upstream.stop();
}

async function growth(bench: Bench, idp: StubIdp): Promise<void> {
  for (const place of bench.places) await growthOver(bench, idp, place);
}

async function growthOver(bench: Bench, idp: StubIdp, place: Place): Promise<void> {
  const { options, folder, found, say } = bench;
  const { plan, profile } = options;
  const all: Ours[] = [];
  const sizes = plan.sizes.map((size) => Math.min(size, place.most));
  for (const size of sizes) {
    say(`filling a store with ${rate(size)} grants`);
    const population = { refreshed: size, revoked: 0, coded: 0 };
    all.push(await startOurs({ place, profile, folder: join(folder, `${place.engine}-${size}`), idp, upstream: 9, population }));
  }
  for (const topic of ['refresh', 'login'] as const) {
    const sides = all.map(({ served, exchanges }, index) => ({
      name: `${place.engine}, ${rate(sizes[index] ?? 0)} grants`,
      served,
      exchange: exchanges[topic],
    }));
    const figures = await compare(
      sides,
      plan.mode === 'full' ? { ...plan, most: 1e9 } : { rounds: plan.rounds, ms: plan.ms, callers: plan.callers },
    );
    addGrowth(found, topic, place.engine, figures, sizes);
    say(`growth of ${topic}, ${place.engine}: ${figures.map(({ name, perCpuSecond }) => `${name} ${rate(perCpuSecond)}`).join(', ')}`);
  }
  for (const { served } of all) await served.stop();
}

/** From the start of a process to its first answer, and what it holds when it has nothing to do. */
async function start(bench: Bench, idp: StubIdp): Promise<void> {
  const { options, folder, found, say } = bench;
  const { profile } = options;
  const place = await openPlace('sqlite');
  const none = { refreshed: 1, revoked: 0, coded: 0 };
  const taken: Record<string, { ms: number; idleRssMb: number }[]> = {};
  const note = async (name: string, served: Served) => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    (taken[name] ??= []).push({ ms: served.startedAfter, idleRssMb: (await served.usage()).rssMb });
    await served.stop();
  };
  for (let index = 0; index < options.plan.rounds; index += 1) {
    const ours = await startOurs({ place, profile, folder: join(folder, `start-${index}`), idp, upstream: 9, population: none });
    await note(ours.name, ours.served);
    await note(peerName, (await startPeer(folder, none)).served);
  }
  const entries = Object.entries(taken).map(([name, rounds]) => {
    const of = (field: 'ms' | 'idleRssMb') => median(rounds.map((each) => each[field]));
    return [name, { ms: of('ms'), idleRssMb: of('idleRssMb') }] as const;
  });
  found.start = Object.fromEntries(entries);
  say(`start: ${entries.map(([name, { ms, idleRssMb }]) => `${name} ${rate(ms)} ms, ${idleRssMb} MB`).join('; ')}`);
}

const parts: readonly (readonly [Topic | null, (bench: Bench, idp: StubIdp) => Promise<void>])[] = [
  ['start', start],
  [null, authorizationServer],
  ['gateway', gateway],
  ['growth', growth],
];

/** Every topic that was asked for, one after the other. */
export async function runTopics(given: Omit<Bench, 'places'>): Promise<void> {
  const idp = await startStubIdp(stubClient);
  const places: Place[] = [];
  try {
    for (const engine of given.options.engines) places.push(await openPlace(engine));
    given.found.places = Object.fromEntries(places.map(({ engine, about }) => [engine, about]));
    const bench = { ...given, places };
    for (const [topic, run] of parts) if (topic === null || bench.options.only.has(topic)) await run(bench, idp);
  } finally {
    idp.close();
    for (const place of places) await place.close();
  }
}

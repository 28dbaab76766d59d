import { collections } from '../../src/stores/collections.ts';
import { feedTimes } from '../../src/stores/authority-feed.ts';
import { given } from './assumptions.ts';
import type { Cost, Measured } from './measure.ts';

const DAY = 86_400;
/** Bytes of a look that finds nothing: a command and its reply. */
const EMPTY_LOOK = 700;
/** Of a change stream's event, what is around the row, with the question that it answers. */
const TOLD = 900;
/** What is taken away is announced before and after. */
const ANNOUNCED = 2;
/** Bytes of sharing the count of an address that was met for the first time in a minute. */
const SHARED_COUNT = 700;
const activePerDay = () => given('users') * given('activeShare');
const peak = (perActive: number) => (activePerDay() * perActive * given('busiest')) / DAY;

/** Requests per second in the busiest hour. */
export const rates = () => ({ signIns: peak(given('signIns')), refreshes: peak(given('refreshes')), calls: peak(given('calls')) });

/** Of the calls of a burst, how many reach an instance that has not seen the grant in it: all at one, or dealt out blindly. */
export function missesPerBurst(isByGrant: boolean): number {
  const [burst, instances] = [given('burst'), given('instances')];
  return isByGrant ? 1 : instances * (1 - (1 - 1 / instances) ** burst);
}

export interface Load {
  readonly name: string;
  readonly perSecond: number;
  readonly reads: number;
  readonly writes: number;
  /** Megabytes per second between instances and database. */
  readonly megabytes: number;
}

const loadOf = (name: string, perSecond: number, { reads, writes, bytes }: Pick<Cost, 'reads' | 'writes' | 'bytes'>): Load => ({
  name,
  perSecond,
  reads: perSecond * reads,
  writes: perSecond * writes,
  megabytes: (perSecond * bytes) / 1e6,
});

/** What the busiest hour asks of the database, by what asks it. */
export function loads({ costs, documents }: Measured, isByGrant: boolean): Load[] {
  const { signIns, refreshes, calls } = rates();
  const missed = missesPerBurst(isByGrant) / given('burst');
  const [cold, warm] = [costs['tool call, nothing remembered'], costs['tool call, remembered']];
  const looks = (given('instances') * 1_000) / feedTimes.interval;
  const changes = peak(given('changes')) * ANNOUNCED;
  const bytesOf = (rows: number) => rows * (documents['authority_changes'] ?? 0);
  return [
    loadOf('sign-ins', signIns, costs['sign-in']),
    loadOf('refreshes', refreshes, costs['refresh']),
    loadOf('tool calls: on record', calls, warm),
    loadOf('tool calls: standing', calls * missed, { reads: cold.reads - warm.reads, writes: 0, bytes: cold.bytes - warm.bytes }),
    // As if everybody came from an address of their own.
    loadOf('limits: shared counts', signIns, { reads: 0, writes: 1, bytes: SHARED_COUNT }),
    loadOf('authority feed: looks', looks, { reads: 1, writes: 0, bytes: EMPTY_LOOK + bytesOf((changes * feedTimes.overlap) / 1_000) }),
    loadOf('authority feed: change streams', given('instances') * changes, { reads: 1, writes: 0, bytes: TOLD + bytesOf(1) }),
  ];
}

export interface Stored {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly terabytes: number;
}

/** What lies in the database after a year, uncompressed and before replication. */
export function stored({ documents }: Measured): Stored[] {
  const users = given('users');
  const audited = given('calls') + given('refreshes') + given('signIns') * 3;
  const rows: Readonly<Record<string, number>> = {
    grants: users * given('grants'),
    users,
    identities: users,
    memberships: users * given('memberships'),
    seen_clients: given('clients'),
    audit_events: activePerDay() * audited * given('auditDays'),
    transactions: rates().signIns * 600,
  };
  return collections.flatMap(({ name, indexes, unique, expires }) => {
    const count = rows[name];
    if (count === undefined) return [];
    const entries = 1 + indexes.length + unique.length + (expires === null ? 0 : 1);
    const bytes = (documents[name] ?? 0) + entries * given('indexEntry');
    return [{ name, rows: count, bytes, terabytes: (count * bytes) / 1e12 }];
  });
}

/** Milliseconds the database adds: instances beside the primary, a majority within the region or in another, instances in another region. */
export function latency({ readWaves, writeWaves }: Cost) {
  const [zone, regions] = [given('zone'), given('regions')];
  const near = (acknowledged: number) => readWaves * zone + writeWaves * (zone + acknowledged);
  return {
    oneRegion: near(zone),
    severalRegions: near(regions),
    farFromPrimary: near(regions) + (readWaves + writeWaves) * (regions - zone),
  };
}

export const shardsFor = (loaded: readonly Load[]) => ({
  forWrites: Math.ceil(loaded.reduce((sum, { writes }) => sum + writes, 0) / given('shardWrites')),
  forReads: Math.ceil(loaded.reduce((sum, { reads }) => sum + reads, 0) / given('shardReads')),
});

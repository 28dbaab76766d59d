import type { AuditRecord } from '../../../src/domain/audit-event.ts';
import type { DocumentEngine, StoredDocument } from '../../../src/ports/document-engine.ts';
import { readAuditChains } from '../../../src/stores/audit-log.ts';
import { grants, identities, memberships, users } from '../../../src/stores/collections.ts';
import type { Acknowledgements, Entry } from './acknowledgements.ts';
import { deadlineMs } from './acknowledgements.ts';
import { callOf, formOf } from './workload.ts';
import type { Place } from './workload.ts';

/** From and to, in milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What a process holds on to; each number may grow by its allowance and no more. */
export type Holdings = Readonly<Record<string, number>>;

/** Everything the invariants are judged by. */
export interface Evidence {
  readonly entries: readonly Entry[];
  readonly instances: readonly string[];
  /** The grants that were read from the store when the load was over, by id, and when that was. */
  readonly grants: ReadonlyMap<string, { readonly stage: string }>;
  readonly readAt: number;
  readonly users: readonly StoredDocument[];
  readonly identities: readonly StoredDocument[];
  readonly memberships: readonly StoredDocument[];
  readonly chains: readonly (readonly AuditRecord[])[];
  /** Everything that was logged. */
  readonly lines: readonly string[];
  readonly secrets: ReadonlyMap<string, string>;
  /** When no instance could read the store. */
  readonly outages: readonly Span[];
  /** For every instance: when its fault was lifted, and when somebody had signed in through it again. */
  readonly recoveries: readonly { readonly instance: string; readonly liftedAt: number; readonly signedInAt: number | null }[];
  readonly holdings: readonly {
    readonly name: string;
    readonly before: Holdings;
    readonly after: Holdings;
    readonly allowance: Holdings;
  }[];
}

/** How long (ms) an instance may go on answering for what was taken away at another one. */
export const stalenessMs = 2_000;
/** Within which (ms) somebody can sign in again once a fault is over. */
export const recoveryMs = 10_000;

async function everything(engine: DocumentEngine, collection: typeof grants | typeof users): Promise<StoredDocument[]> {
  const rows: StoredDocument[] = [];
  for (let after = ''; ;) {
    const page = await engine.page(collection, { after, limit: 1000 });
    rows.push(...page);
    const last = page.at(-1);
    if (last === undefined) return rows;
    after = last.id;
  }
}

/** Signs somebody in through each instance, again and again until it goes, and notes when it did. */
export async function recover(
  place: Place,
  liftedAt: number,
  login: (instance: string) => Promise<unknown>,
): Promise<Evidence['recoveries']> {
  return Promise.all(
    place.instances.map(async ({ name: instance }) => {
      while (Date.now() < liftedAt + recoveryMs) {
        if ((await login(instance)) !== null) return { instance, liftedAt, signedInAt: Date.now() };
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return { instance, liftedAt, signedInAt: null };
    }),
  );
}

/** The newest of what the log holds for a grant, a few of each kind. */
function tokensOf(entries: readonly Entry[], grant: string, kind: 'access' | 'refresh'): string[] {
  const given = entries.filter((entry) => entry.given.grant === grant).map((entry) => entry.given[kind]);
  return [...new Set(given.filter((token) => token !== undefined))].slice(-2);
}

const wasRevoked = ({ kind, isHonoured, about }: Entry, grant: string) => kind === 'revoke' && isHonoured && about.grant === grant;

/** Shows every token of every grant that is revoked, ended or gone to every instance once more. Waits first for as long as news may take. */
async function probe(place: Place, log: Acknowledgements, stages: ReadonlyMap<string, { stage: string }>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, stalenessMs));
  const known = [...new Set(log.entries.flatMap(({ given }) => (given.access === undefined ? [] : [given.grant ?? ''])))];
  const over = known.filter((grant) => stages.get(grant)?.stage !== 'live' || log.entries.some((entry) => wasRevoked(entry, grant)));
  const { entries, secrets } = log;
  const clients = new Map(
    [...secrets.values()].flatMap((secret) => (/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(secret) ? [clientOf(secret)] : [])),
  );
  for (const grant of over) {
    for (const { name: instance } of place.instances) {
      const common = { instance, isProbe: true, deadlineMs };
      for (const presented of tokensOf(entries, grant, 'access')) {
        const init = callOf(secrets.get(presented) ?? '');
        await log.ask({ ...common, kind: 'tool', url: place.mcp, init, about: { grant, presented } });
      }
      for (const presented of tokensOf(entries, grant, 'refresh')) {
        const fields = { grant_type: 'refresh_token', client_id: clients.get(grant) ?? '', refresh_token: secrets.get(presented) ?? '' };
        await log.ask({ ...common, kind: 'refresh', url: `${place.issuer}/token`, init: formOf(fields), about: { grant, presented } });
      }
    }
  }
}

/** Grant and client_id of an access token. */
function clientOf(jwt: string): readonly [string, string] {
  const claims = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
  return [String(claims['grant_id']), String(claims['client_id'])];
}

export interface Gathering {
  readonly place: Place;
  readonly log: Acknowledgements;
  readonly engine: DocumentEngine;
  readonly lines: readonly string[];
  readonly outages?: readonly Span[];
  readonly recoveries?: Evidence['recoveries'];
  readonly holdings?: Evidence['holdings'];
}

/** After the load and the recovery: reads the store, shows what must be refused, and puts together what the invariants are judged by. */
export async function gather({ place, log, engine, lines, ...rest }: Gathering): Promise<Evidence> {
  const { outages = [], recoveries = [], holdings = [] } = rest;
  const readAt = Date.now();
  const rows = await everything(engine, grants);
  const stages = new Map(rows.map(({ id, stage }) => [id, { stage: String(stage) }]));
  await probe(place, log, stages);
  const chains: (readonly AuditRecord[])[] = [];
  for await (const chain of readAuditChains(engine)) chains.push(chain);
  return {
    entries: log.entries,
    instances: place.instances.map(({ name }) => name),
    grants: stages,
    readAt,
    users: await everything(engine, users),
    identities: await everything(engine, identities as never),
    memberships: await everything(engine, memberships as never),
    chains,
    lines,
    secrets: log.secrets,
    outages,
    recoveries,
    holdings,
  };
}

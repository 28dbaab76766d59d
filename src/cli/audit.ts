import { firstBroken } from '../domain/audit-chain.ts';
import type { AuditRecord } from '../domain/audit-event.ts';

/** What of the audit log is wanted; null takes everything. */
export interface AuditQuery {
  readonly tenant: string | null;
  readonly user: string | null;
  readonly event: string | null;
  /** Milliseconds since the epoch. */
  readonly since: number | null;
  readonly until: number | null;
}

function matches({ tenant, user, event, since, until }: AuditQuery, { at, event: what }: AuditRecord): boolean {
  return (
    (tenant === null || what.tenantId === tenant) &&
    (user === null || what.userId === user) &&
    (event === null || what.event === event) &&
    (since === null || at >= since) &&
    (until === null || at < until)
  );
}

/** `2026-11-21T05:52:43.000Z tool.allowed u_… acme "Claude Code" add_note · tool add_note: scope write; permission notes:write` */
function forPeople({ at, event: what }: AuditRecord): string {
  const tool = 'tool' in what ? [what.tool] : [];
  const client = what.clientName === undefined ? [] : [JSON.stringify(what.clientName)];
  const who = [what.userId ?? '-', what.tenantId ?? '-', ...client, ...tool];
  return `${new Date(at).toISOString()} ${what.event} ${who.join(' ')} · ${what.rule}`;
}

export interface AuditReport {
  readonly lines: readonly string[];
  /** Rows seen, wanted or not. */
  readonly checked: number;
  /** Where a chain is not what was written; empty when every chain is whole. */
  readonly broken: readonly { readonly chain: string; readonly sequence: number }[];
}

/** Checks every chain from its beginning and tells what was asked for in the order it happened. */
export async function reportAudit(chains: AsyncIterable<readonly AuditRecord[]>, query: AuditQuery, asJson: boolean): Promise<AuditReport> {
  const wanted: AuditRecord[] = [];
  const broken: { chain: string; sequence: number }[] = [];
  let checked = 0;
  for await (const records of chains) {
    checked += records.length;
    const bad = firstBroken(records);
    if (bad !== null) broken.push({ chain: bad.chain, sequence: bad.sequence });
    wanted.push(...records.filter((record) => matches(query, record)));
  }
  wanted.sort((a, b) => a.at - b.at || a.sequence - b.sequence);
  return { lines: wanted.map((record) => (asJson ? JSON.stringify(record) : forPeople(record))), checked, broken };
}

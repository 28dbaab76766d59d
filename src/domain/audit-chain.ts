import type { AuditEvent, AuditRecord } from './audit-event.ts';
import { canonicalJson } from './canonical-json.ts';
import { sha256 } from './digest.ts';

/** The hash before the first record of a chain. */
export const chainStart = '0'.repeat(43);

function hashOf(record: Omit<AuditRecord, 'hash'>): string {
  return sha256(canonicalJson(record));
}

export function linkRecord(chain: string, sequence: number, at: number, event: AuditEvent, previous: string): AuditRecord {
  const record = { chain, sequence, at, event, previous };
  return { ...record, hash: hashOf(record) };
}

/** The first record that is not what was written or does not follow the one before it; null when the chain is whole. */
export function firstBroken(records: readonly AuditRecord[]): AuditRecord | null {
  let previous = chainStart;
  for (const [index, { hash, ...record }] of records.entries()) {
    if (record.sequence !== index + 1 || record.previous !== previous || hashOf(record) !== hash) return { ...record, hash };
    previous = hash;
  }
  return null;
}

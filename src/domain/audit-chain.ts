import type { AuditEvent, AuditRecord } from './audit-event.ts';
import { sha256 } from './digest.ts';

/** The hash before the first record of a chain. */
export const chainStart = '0'.repeat(43);

/** JSON with the members in order, so that a record read back from any engine hashes as it was written. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)
    .join(',')}}`;
}

function hashOf(record: Omit<AuditRecord, 'hash'>): string {
  return sha256(canonical(record));
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

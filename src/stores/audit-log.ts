import { chainStart, linkRecord } from '../domain/audit-chain.ts';
import type { AuditRecord } from '../domain/audit-event.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { auditEvents as collection } from './collections.ts';

/** Rows sort by chain and sequence, so a chain is read in order by its id. */
const rowId = (chain: string, sequence: number) => `${chain}:${String(sequence).padStart(12, '0')}`;

/** Every process writes a chain of its own, so instances never wait for each other and each chain can be checked by itself. */
export function openAuditLog(engine: DocumentEngine, options: { chain: string; clock: Clock }): AuditLog {
  let sequence = 0;
  let previous = chainStart;

  async function store(record: AuditRecord): Promise<void> {
    const { event } = record;
    const subject = {
      ...(event.userId === undefined ? {} : { userId: event.userId }),
      ...(event.tenantId === undefined ? {} : { tenantId: event.tenantId }),
    };
    await engine.insert(collection, { id: rowId(record.chain, record.sequence), ...subject, ...record });
  }

  return {
    append: (event) => {
      // Linked at once and in order; the writes of one turn are committed together.
      const record = linkRecord(options.chain, sequence + 1, options.clock.now(), event, previous);
      sequence = record.sequence;
      previous = record.hash;
      return store(record);
    },
  };
}

/** The records of one chain in order, at most `limit` after `after`. */
export async function readAuditChain(engine: DocumentEngine, chain: string, after = 0, limit = 1000): Promise<AuditRecord[]> {
  const rows = await engine.page(collection, { after: rowId(chain, after), limit });
  return rows
    .map((row) => collection.shape.parse(row))
    .filter((row) => row.chain === chain)
    .map(({ sequence, at, event, previous, hash }) => ({ chain, sequence, at, event, previous, hash }) as unknown as AuditRecord);
}

import { chainStart, linkRecord } from '../domain/audit-chain.ts';
import type { AuditEvent, AuditRecord } from '../domain/audit-event.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import { auditEvents as collection } from './collections.ts';

/** Rows sort by chain and sequence, so a chain is read in order by its id. */
const rowId = (chain: string, sequence: number) => `${chain}:${String(sequence).padStart(12, '0')}`;

/** How many events may wait for a store that does not answer. */
const mostOwed = 1000;
/** How many of them are written at a time. */
const owedAtOnce = 100;

/** Writes records, and keeps those that could not be written until they are. */
function writer(engine: DocumentEngine) {
  const owed = new Set<AuditRecord>();

  async function store(record: AuditRecord): Promise<void> {
    const { event } = record;
    const subject = {
      ...(event.userId === undefined ? {} : { userId: event.userId }),
      ...(event.tenantId === undefined ? {} : { tenantId: event.tenantId }),
    };
    owed.delete(record);
    try {
      await engine.insert(collection, { id: rowId(record.chain, record.sequence), ...subject, ...record });
    } catch (error) {
      owed.add(record);
      throw error;
    }
  }

  /** One goes ahead of the others, so that a store that does not answer is asked once and not for each. */
  async function makeGood(): Promise<void> {
    const [first] = owed;
    if (first !== undefined) await store(first);
    // Not all at once: a store that has just come back is not to be asked for everything in one breath.
    const others = [...owed];
    for (let at = 0; at < others.length; at += owedAtOnce)
      await Promise.all(
        others
          .slice(at, at + owedAtOnce)
          .filter((record) => owed.has(record))
          .map(store),
      );
  }

  return { owed, store, makeGood };
}

/**
 * Every process writes a chain of its own, so instances never wait for each other and each chain can be checked by itself. What could
 * not be written is written with the next event: a chain with a hole looks like one that somebody cut.
 */
export function openAuditLog(engine: DocumentEngine, options: { chain: string; clock: Clock }): AuditLog {
  const { owed, store, makeGood } = writer(engine);
  let sequence = 0;
  let previous = chainStart;

  async function add(event: AuditEvent): Promise<void> {
    if (owed.size >= mostOwed) await makeGood();
    // Linked at once and in order; the writes of one turn are committed together.
    const record = linkRecord(options.chain, sequence + 1, options.clock.now(), event, previous);
    sequence = record.sequence;
    previous = record.hash;
    if (owed.size > 0) {
      await makeGood().catch((error: unknown) => {
        owed.add(record);
        throw error;
      });
    }
    await store(record);
  }

  return {
    append: async (event, again) => {
      const isSame = (record: AuditRecord) => canonicalJson(record.event) === canonicalJson(event);
      const waiting = again === undefined ? undefined : [...owed].find(isSame);
      await (waiting === undefined ? add(event) : store(waiting));
    },
  };
}

export const recordOf = (row: unknown): AuditRecord => {
  const { chain, sequence, at, event, previous, hash } = collection.shape.parse(row);
  return { chain, sequence, at, event, previous, hash } as unknown as AuditRecord;
};

/** Every chain, whole and in order, one after the other. */
export async function* readAuditChains(engine: DocumentEngine): AsyncGenerator<readonly AuditRecord[]> {
  let chain: AuditRecord[] = [];
  let after: string | undefined;
  for (;;) {
    const rows = await engine.page(collection, { ...(after === undefined ? {} : { after }), limit: 1000 });
    for (const row of rows) {
      const record = recordOf(row);
      if (chain.length > 0 && chain[0]?.chain !== record.chain) {
        yield chain;
        chain = [];
      }
      chain.push(record);
    }
    after = rows.at(-1)?.id;
    if (after === undefined) break;
  }
  if (chain.length > 0) yield chain;
}

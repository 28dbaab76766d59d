import type { AuditRecord } from './audit-event.ts';

/** What of a tenant's record is wanted; null takes everything. Times in ms since the epoch, the end excluded. */
export interface AuditSearch {
  readonly since: number | null;
  readonly until: number | null;
  readonly event: string | null;
  readonly userId: string | null;
}

/** Where a row stands among all: by its time, and where that is the same by its chain and place in it. */
export interface AuditPlace {
  readonly at: number;
  readonly chain: string;
  readonly sequence: number;
}

export function isWanted({ since, until, event, userId }: AuditSearch, { at, event: what }: AuditRecord): boolean {
  return (
    (since === null || at >= since) &&
    (until === null || at < until) &&
    (event === null || what.event === event) &&
    (userId === null || what.userId === userId)
  );
}

const orderOf = (a: AuditPlace, b: AuditPlace): number =>
  b.at - a.at || (a.chain < b.chain ? -1 : a.chain > b.chain ? 1 : b.sequence - a.sequence);

export const placeText = ({ at, chain, sequence }: AuditPlace): string => `${at}.${chain}.${sequence}`;

/** Null for what no place was ever written as. */
export function readPlace(text: string): AuditPlace | null {
  const [, at, chain = '', sequence] = /^(\d{1,15})\.([\w-]{1,64})\.(\d{1,12})$/.exec(text) ?? [];
  return at === undefined ? null : { at: Number(at), chain, sequence: Number(sequence) };
}

/** The newest so many of what is offered, older than a place; however much that is, no more are kept than twice so many. */
export function keepNewest(most: number, olderThan: AuditPlace | null) {
  let kept: AuditRecord[] = [];
  const trim = () => {
    kept = kept.sort(orderOf).slice(0, most);
  };
  return {
    offer(record: AuditRecord): void {
      if (olderThan !== null && orderOf(olderThan, record) >= 0) return;
      kept.push(record);
      if (kept.length >= most * 2) trim();
    },
    newestFirst(): readonly AuditRecord[] {
      trim();
      return kept;
    },
  };
}

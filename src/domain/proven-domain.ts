import { z } from 'zod';
import type { ConnectionId } from './ids.ts';

/** That the record of a domain was seen in DNS. Times are ms since the epoch. */
export const ProvenDomain = z.object({
  /** The domain. */
  id: z.string(),
  /** The value that was seen; another installation key asks for another one. */
  value: z.string(),
  provenAt: z.number(),
  /** When it was seen last, by whichever instance. */
  seenAt: z.number(),
  /** When the proof ends if DNS does not answer until then. */
  expiresAt: z.number(),
});
export type ProvenDomain = z.infer<typeof ProvenDomain>;

/** What DNS said about the record of a domain: its texts, that there are none, or nothing at all. */
export type TextAnswer =
  | { readonly answer: 'texts'; readonly texts: readonly string[] }
  | { readonly answer: 'none' }
  | { readonly answer: 'silence'; readonly reason: string };

const minute = 60_000;
/** A proof that was seen within this is not asked for again. */
const freshFor = 10 * minute;
/** A proof outlives silence of DNS by this. */
export const proofOutlives = 3 * 24 * 60 * minute;

/** Where the record of a domain stands. */
export const proofName = (domain: string): string => `_drawbridge.${domain}`;

/** The whole text of the record; the MAC is of the domain, under the installation key. */
export const proofText = (mac: string): string => `drawbridge=${mac}`;

/** Whether a proof counts at this moment. */
export function isProven(row: ProvenDomain | null, value: string, now: number): row is ProvenDomain {
  return row !== null && row.value === value && now < row.expiresAt;
}

/** Whether it was seen so lately, by any instance, that nobody need ask. */
export function isFreshProof(row: ProvenDomain | null, value: string, now: number): boolean {
  return isProven(row, value, now) && now - row.seenAt < freshFor && now >= row.seenAt;
}

/** `proven`: the record is there, or was and DNS is silent. `missing`: DNS says it is not. `silent`: nobody knows. */
export type ProofVerdict =
  | { readonly verdict: 'proven'; readonly row: ProvenDomain; readonly isNew: boolean; readonly silence: string | null }
  | { readonly verdict: 'missing'; readonly others: number }
  | { readonly verdict: 'silent'; readonly reason: string };

/** A claimed domain, the record that proves it, and what became of it. */
export interface CheckedDomain {
  readonly domain: string;
  readonly connectionId: ConnectionId;
  readonly name: string;
  readonly value: string;
  readonly verdict: ProofVerdict;
}

/** Judges an answer of DNS, knowing what was seen before. Unreachable is not gone; an answer without the record is. */
export function judgeProof(
  answer: TextAnswer,
  { domain, value, before, now }: { domain: string; value: string; before: ProvenDomain | null; now: number },
): ProofVerdict {
  const known = isProven(before, value, now) ? before : null;
  switch (answer.answer) {
    case 'silence':
      if (known === null) return { verdict: 'silent', reason: answer.reason };
      return { verdict: 'proven', row: known, isNew: false, silence: answer.reason };
    case 'none':
      return { verdict: 'missing', others: 0 };
    case 'texts': {
      if (!answer.texts.includes(value)) return { verdict: 'missing', others: answer.texts.length };
      const row = { id: domain, value, provenAt: known?.provenAt ?? now, seenAt: now, expiresAt: now + proofOutlives };
      return { verdict: 'proven', row, isNew: known === null, silence: null };
    }
  }
}

import type { ProvenDomain } from '../domain/proven-domain.ts';

export interface ProvenDomains {
  all(): Promise<ProvenDomain[]>;
  /** Notes that the record was seen. Of any number of concurrent callers one row remains, with what one of them saw. */
  keep(row: ProvenDomain): Promise<void>;
  /** Forgets a proof, unless it was seen again since `row` was read; true for the one caller who ended it. */
  drop(row: ProvenDomain): Promise<boolean>;
}

/** Where nothing is kept: every proof is new. */
export const noProvenDomains: ProvenDomains = {
  all: async () => Promise.resolve([]),
  keep: async () => Promise.resolve(),
  drop: async () => Promise.resolve(false),
};

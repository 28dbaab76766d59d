import type { Directory } from '../../domain/directory.ts';
import { claimedDomains } from '../../domain/email-domain.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { isProven, proofText } from '../../domain/proven-domain.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ProvenDomains } from '../../ports/proven-domains.ts';
import type { Sealing } from '../../ports/sealing.ts';

export interface ProvenDependencies {
  readonly directory: Directory;
  readonly provenDomains: ProvenDomains;
  readonly sealing: Sealing;
  readonly clock: Clock;
}

/** The text that proves a domain to this installation. */
export const expectedText = ({ mac }: Pick<Sealing, 'mac'>, domain: string): string => proofText(mac('domain_proof', domain));

/** Which connection each domain leads to, of those that are claimed and proven at this moment. */
export const provenConnections =
  ({ directory, provenDomains, sealing, clock }: ProvenDependencies) =>
  async (): Promise<ReadonlyMap<string, ConnectionId>> => {
    const claimed = claimedDomains(directory);
    if (claimed.size === 0) return claimed;
    const now = clock.now();
    const rows = await provenDomains.all();
    const proven = new Set(rows.filter((row) => isProven(row, expectedText(sealing, row.id), now)).map(({ id }) => id));
    return new Map([...claimed].filter(([domain]) => proven.has(domain)));
  };

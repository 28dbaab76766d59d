import type { Grant } from '../domain/grant.ts';
import type { EndDependencies } from './steps/end-grant.ts';
import { endGrant } from './steps/end-grant.ts';

/** Which grants an operator means; null takes everybody's. */
export interface GrantQuery {
  readonly user: string | null;
  readonly tenant: string | null;
  /** Given before this moment, in ms since the epoch: whoever signs in meanwhile is left alone. */
  readonly before: number;
}

export interface EndedGrants {
  readonly seen: number;
  /** By this run; the others were over, or not meant. */
  readonly ended: number;
}

const byOperator = 'ended by an operator';

const isMeant = ({ user, tenant, before }: GrantQuery, grant: Grant): boolean =>
  grant.stage !== 'ended' &&
  grant.createdAt < before &&
  (user === null || grant.userId === user) &&
  (tenant === null || grant.tenantId === tenant);

/**
 * Ends every grant that is meant, codes that are not redeemed included, each with its record. Nothing of them works any more once a
 * page is told of; one that was cut off is finished by the next run.
 */
export function endGrants(dependencies: EndDependencies) {
  const end = endGrant(dependencies);
  return async (
    pages: AsyncIterable<readonly Grant[]>,
    query: GrantQuery,
    progress: (sofar: EndedGrants) => void,
  ): Promise<EndedGrants> => {
    let [seen, ended] = [0, 0];
    for await (const page of pages) {
      const meant = page.filter((grant) => isMeant(query, grant));
      const outcomes = await Promise.all(meant.map((grant) => end(grant, byOperator)));
      seen += page.length;
      ended += outcomes.filter(Boolean).length;
      progress({ seen, ended });
    }
    return { seen, ended };
  };
}

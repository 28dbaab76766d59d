import type { GrantId } from '../domain/ids.ts';
import type { Standing } from '../domain/standing.ts';

/** What the gateway asks on every request: does this grant still live, and what may its person do now? */
export interface LiveAuthority {
  /**
   * Null when the grant is unknown, ended or expired, or its user, membership, tenant, client or connection no longer stands. Throws
   * `StoreUnavailable` when that cannot be told, and then nothing is allowed.
   */
  standing(grantId: GrantId): Promise<Standing | null>;
}

import type { Grant } from '../../domain/grant.ts';
import type { UserId } from '../../domain/ids.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Grants } from '../../ports/grants.ts';
import { aboutGrant } from './granted.ts';

export interface EndDependencies {
  readonly grants: Pick<Grants, 'end'>;
  readonly audit: AuditLog;
}

/** True for the call that ended it; `adminId` is who had it ended. */
export type EndGrant = (grant: Grant, because: string, adminId?: UserId) => Promise<boolean>;

/**
 * Ends a grant; true when this call did. The record comes first, as with a tool call: when the answer to the ending is lost nobody can
 * tell afterwards whose it was. One that is over is only announced once more, and several who end one at the same moment share one record.
 */
export function endGrant({ grants, audit }: EndDependencies): EndGrant {
  const underWay = new Map<Grant['id'], Promise<boolean>>();

  async function end(grant: Grant, because: string, adminId?: UserId): Promise<boolean> {
    const by = adminId === undefined ? {} : { adminId };
    if (grant.stage !== 'ended') await audit.append({ ...aboutGrant(grant), ...by, event: 'grant.ended', rule: because }, 'again');
    return grants.end(grant.id, because);
  }

  return async (grant, because, adminId) => {
    const other = underWay.get(grant.id);
    if (other !== undefined) return other.then(() => false);
    const mine = end(grant, because, adminId).finally(() => underWay.delete(grant.id));
    underWay.set(grant.id, mine);
    return mine;
  };
}

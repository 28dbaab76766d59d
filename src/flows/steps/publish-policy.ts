import type { AuditSubject } from '../../domain/audit-event.ts';
import type { AdministratorVerdict } from '../../domain/compared-tenants.ts';
import type { Revision, RevisionSource } from '../../domain/policy.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Policies } from '../../ports/policies.ts';

export interface PublishDependencies {
  readonly policies: Policies;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** A policy that somebody has looked at and wants in force. */
export interface Proposal {
  readonly document: unknown;
  readonly source: RevisionSource;
  /** A user id, or the account on the machine. */
  readonly by: string;
  readonly note: string;
  /** The revision it was compared with. */
  readonly after: number;
  readonly preview: AdministratorVerdict & { readonly losing: number };
  /** How many who lose something were agreed to; null where that was not asked. */
  readonly agreedLosing: number | null;
  readonly mayLockOut: boolean;
  /** Whom and where the record is about, beside what it says. */
  readonly about?: AuditSubject;
}

export type Published =
  | { readonly outcome: 'published'; readonly revision: number }
  /** Somebody was quicker: look again. */
  | { readonly outcome: 'changed-meanwhile'; readonly latest: Revision | null }
  | { readonly outcome: 'locks-out'; readonly tenants: readonly TenantId[] }
  | { readonly outcome: 'not-agreed'; readonly losing: number };

const says = ({ source, by, note }: Proposal): string => `${source} by ${by}${note === '' ? '' : `: ${note}`}`;

/** Puts a policy in force, of any number of concurrent callers over the same revision one; the record says who, and the history what. */
export const publishPolicy =
  ({ policies, audit, clock }: PublishDependencies) =>
  async (proposal: Proposal): Promise<Published> => {
    const { document, source, by, note, after, preview, agreedLosing, mayLockOut, about = {} } = proposal;
    const locked = [...new Set([...preview.leavesWithoutAdministrator, ...preview.youLose])];
    if (locked.length > 0 && !mayLockOut) return { outcome: 'locks-out', tenants: locked };
    if (agreedLosing !== null && agreedLosing !== preview.losing) return { outcome: 'not-agreed', losing: preview.losing };
    const latest = await policies.latest();
    if ((latest?.number ?? 0) !== after) return { outcome: 'changed-meanwhile', latest };
    const number = after + 1;
    // The record first: what is in force is on record, whatever failed in between.
    await audit.append({ ...about, event: 'policy.changed', revision: number, rule: says(proposal) });
    if (!(await policies.add({ number, at: clock.now(), source, by, note }, document))) {
      await audit.append({ ...about, event: 'policy.overtaken', revision: number, rule: `${says(proposal)}: somebody else was quicker` });
      return { outcome: 'changed-meanwhile', latest: await policies.latest() };
    }
    return { outcome: 'published', revision: number };
  };

import { AdministrationRefused, isPlatform } from '../domain/administration.ts';
import type { Check } from '../domain/connection-check.ts';
import type { ConnectionEntry, Directory } from '../domain/directory.ts';
import { findConnection } from '../domain/directory.ts';
import type { ConnectionId } from '../domain/ids.ts';
import type { Standing } from '../domain/standing.ts';
import type { Tenant } from '../domain/tenant.ts';
import { leadsInto } from '../domain/tenant.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Examinable, Examinations } from '../ports/examinations.ts';
import type { RateCounter } from '../ports/rate-windows.ts';
import { allChecks } from './steps/all-checks.ts';
import type { TicketDependencies } from './steps/test-ticket.ts';
import { sealTicket } from './steps/test-ticket.ts';

export interface ExaminationDependencies extends TicketDependencies {
  readonly directory: Directory;
  readonly examinations: Examinations;
  /** How often one connection is examined; by its id. */
  readonly examinationRate: RateCounter;
  readonly audit: AuditLog;
}

export interface Examination {
  readonly tenant: Tenant;
  readonly connectionId: ConnectionId;
  readonly standing: Standing;
  /** Throws where the caller may not do it any more: the identity provider takes its time. */
  readonly askAgain: () => Promise<unknown>;
}

export type Examined =
  | { readonly outcome: 'too-often'; readonly waitMs: number }
  | {
      readonly outcome: 'examined';
      readonly connection: ConnectionEntry;
      readonly of: Examinable;
      readonly checks: readonly Check[];
      /** For one sign-in that is tried, until then. */
      readonly ticket: string;
      readonly expiresAt: number;
    };

/** Looks at a connection that leads into a tenant, as far as that goes without a person, and lets one sign-in be tried through it. */
export const examineConnection =
  (dependencies: ExaminationDependencies) =>
  async ({ tenant, connectionId, standing, askAgain }: Examination): Promise<Examined> => {
    const { directory, examinations, examinationRate, audit } = dependencies;
    const connection = findConnection(directory, connectionId);
    const of = examinations.get(connectionId);
    if (connection === null || of === undefined || !leadsInto(tenant, connectionId)) throw new AdministrationRefused('not-found');
    // Others' servers are asked: nobody has them asked as often as they like.
    const waitMs = examinationRate.wait(connectionId);
    if (waitMs > 0) return { outcome: 'too-often', waitMs };
    examinationRate.count(connectionId);
    const about = { tenantId: tenant.id, connectionId, adminId: standing.user.id };
    await audit.append({ ...about, event: 'connection.examined', rule: 'by an administrator, with a link for one sign-in' });
    // Into which other tenants it leads is not this administrator's to know.
    const isForAll = isPlatform(standing, directory.administration ?? { platformTenant: null });
    const judged = { tenants: isForAll ? directory.tenants : [tenant], resources: directory.resources };
    const checks = await allChecks(of, judged);
    await askAgain();
    return { outcome: 'examined', connection, of, checks, ...sealTicket(dependencies, connectionId) };
  };

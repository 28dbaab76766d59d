import type { AuditRecord } from '../domain/audit-event.ts';
import type { Grant } from '../domain/grant.ts';
import type { TenantId, UserId } from '../domain/ids.ts';

/** Rows of one tenant for whoever looks after it: in the order of the store, a page at a time. */
export interface TenantRows {
  /** Grants after this id, ended ones included. */
  grants(tenantId: TenantId, after: string): AsyncGenerator<readonly Grant[]>;
  /** The record of a tenant, or of one user in it, every row once; in order within each chain. */
  audit(tenantId: TenantId, userId: UserId | null): AsyncGenerator<readonly AuditRecord[]>;
}

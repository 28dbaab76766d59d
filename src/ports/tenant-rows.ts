import type { AuditRecord } from '../domain/audit-event.ts';
import type { Grant } from '../domain/grant.ts';
import type { TenantId, UserId } from '../domain/ids.ts';
import type { Membership } from '../domain/tenant.ts';
import type { Identity } from '../domain/user.ts';

/** Rows for whoever looks after a tenant: in the order of the store, a page at a time. */
export interface TenantRows {
  /** Grants after this id, ended ones included. */
  grants(tenantId: TenantId, after: string): AsyncGenerator<readonly Grant[]>;
  /** What was assigned in a tenant by hand. */
  assigned(tenantId: TenantId): AsyncGenerator<readonly Membership[]>;
  /** The sign-ins of everybody, in whatever tenant, after this id. */
  identities(after: string): AsyncGenerator<readonly Identity[]>;
  /** The record of a tenant, or of one user in it, every row once; in order within each chain. */
  audit(tenantId: TenantId, userId: UserId | null): AsyncGenerator<readonly AuditRecord[]>;
}

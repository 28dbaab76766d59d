import type { TenantId } from '../domain/ids.ts';
import type { Invitation } from '../domain/invitation.ts';

export interface Invitations {
  /** Of any number of concurrent callers with the same id exactly one sees true. */
  add(invitation: Invitation): Promise<boolean>;
  /** Null when it is unknown or tidied away; the caller judges `expiresAt`. */
  get(id: string): Promise<Invitation | null>;
  /** Those of a tenant, whatever became of them. */
  ofTenant(tenantId: TenantId): Promise<Invitation[]>;
  /** Writes one over the version before it. Of any number of concurrent callers exactly one sees true. */
  advance(next: Invitation): Promise<boolean>;
}

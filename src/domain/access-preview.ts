import type { TenantId } from './ids.ts';
import { accessOf } from './role-access.ts';
import type { Access, AccessPolicy } from './role-access.ts';
import { explainRoles } from './role-explanation.ts';
import type { ExplainedRoles } from './role-explanation.ts';
import type { Arrival, HeldRole } from './role-mapping.ts';

/** What was assigned to somebody by hand, by tenant. */
export type Assigned = ReadonlyMap<TenantId, readonly HeldRole[]>;

/** What somebody would be and do in one tenant, and how each rule stands to them. */
export interface TenantPreview extends ExplainedRoles {
  readonly tenantId: TenantId;
  readonly name: string;
  readonly access: Access;
}

/** What a policy comes to for one person, tenant by tenant, with the rule behind everything. What has ended by `now` (ms) gives nothing. */
export function previewPerson(policy: AccessPolicy, arrival: Arrival, assigned: Assigned, now: number): TenantPreview[] {
  return policy.tenants.map((tenant) => {
    const explained = explainRoles(tenant, arrival, assigned.get(tenant.id), now);
    const held = tenant.isSuspended === true ? [] : explained.roles.map(({ role }) => role);
    return { tenantId: tenant.id, name: tenant.name, ...explained, access: accessOf(policy, held) };
  });
}

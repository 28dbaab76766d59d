import { isAdministratorRole } from '../../domain/administration.ts';
import { heldRoles, rolesOf } from '../../domain/held-roles.ts';
import type { UserId } from '../../domain/ids.ts';
import type { HeldRole } from '../../domain/role-mapping.ts';
import type { Membership, Tenant } from '../../domain/tenant.ts';
import type { TenantRows } from '../../ports/tenant-rows.ts';
import { asTold } from './as-told.ts';
import type { MemberDependencies } from './member-of.ts';

export interface OtherAdministratorsDependencies extends MemberDependencies {
  readonly rows: Pick<TenantRows, 'assigned' | 'identities'>;
}

/** What was assigned in a tenant by hand, by user. */
export async function assignedIn(
  { rows }: Pick<OtherAdministratorsDependencies, 'rows'>,
  tenant: Tenant,
): Promise<Map<UserId, Membership>> {
  const all = new Map<UserId, Membership>();
  for await (const page of rows.assigned(tenant.id)) for (const row of page) all.set(row.userId, row);
  return all;
}

/** Whether anybody but this user administers a tenant who is not disabled. Everybody known is looked at until one is found. */
export const hasOtherAdministrator =
  (dependencies: OtherAdministratorsDependencies) =>
  async (tenant: Tenant, except: UserId | null): Promise<boolean> => {
    const { directory, users, clock, rows } = dependencies;
    const assigned = await assignedIn(dependencies, tenant);
    const administers = (held: readonly HeldRole[]) => rolesOf(held, directory.roles).some(isAdministratorRole);
    for await (const page of rows.identities('')) {
      for (const identity of page) {
        if (identity.userId === except) continue;
        const told = await asTold(dependencies)(identity);
        if (told === null) continue;
        const held = heldRoles(tenant, told, assigned.get(identity.userId) ?? null, clock.now());
        if (administers(held) && (await users.get(identity.userId))?.status === 'active') return true;
      }
    }
    return false;
  };

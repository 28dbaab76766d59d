import { previewPerson } from '../domain/access-preview.ts';
import type { TenantPreview } from '../domain/access-preview.ts';
import { AdministrationRefused } from '../domain/administration.ts';
import { offeredConnections } from '../domain/directory.ts';
import { groupsIn } from '../domain/group-name.ts';
import type { ConnectionId } from '../domain/ids.ts';
import type { Arrival, HeldRole } from '../domain/role-mapping.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { MemberDependencies } from './steps/member-of.ts';
import { nameGroups } from './steps/name-groups.ts';
import type { NamingDependencies } from './steps/name-groups.ts';
import type { Sought } from './steps/someone-here.ts';
import { someoneHere } from './steps/someone-here.ts';

/** Somebody as their identity provider might speak of them. */
export interface Imagined {
  readonly connectionId: ConnectionId;
  readonly subject: string;
  /** Null where nothing is said of groups, which is not the same as none. */
  readonly groups: readonly string[] | null;
  readonly claims: Readonly<Record<string, readonly string[]>>;
}

export type TryRulesDependencies = MemberDependencies & NamingDependencies;

/** How the rules stand to somebody, in words that have the names of groups beside their ids. */
async function seen(
  dependencies: TryRulesDependencies,
  tenant: Tenant,
  arrival: Arrival,
  assigned: readonly HeldRole[],
): Promise<TenantPreview[]> {
  const { directory, clock } = dependencies;
  const { roles, resources } = directory;
  const groups = [...groupsIn(tenant.rules), ...(arrival.groups ?? [])];
  const naming = await nameGroups(dependencies)([arrival.connectionId], groups);
  return previewPerson({ tenants: [tenant], roles, resources }, { ...arrival, naming }, new Map([[tenant.id, assigned]]), clock.now());
}

/** What the rules in force make of somebody who is not there, or not like that. */
export const tryImagined =
  (dependencies: TryRulesDependencies) =>
  async (tenant: Tenant, imagined: Imagined): Promise<TenantPreview[]> => {
    if (!offeredConnections(dependencies.directory, tenant.id).some(({ id }) => id === imagined.connectionId))
      throw new AdministrationRefused('not-found');
    return seen(dependencies, tenant, imagined, []);
  };

/** What they make of somebody of the tenant, by each sign-in that leads here. */
export const tryMember =
  (dependencies: TryRulesDependencies) =>
  async (sought: Sought): Promise<TenantPreview[]> => {
    const { memberships } = dependencies;
    const { tenant, userId } = sought;
    const { identities } = await someoneHere(dependencies)(sought);
    const assigned = (await memberships.get(tenant.id, userId))?.roles.filter(({ source }) => source === 'assigned') ?? [];
    const previews = identities.map(({ connectionId, subject, known }) => {
      const arrival = { connectionId, subject, groups: known?.groups ?? null, claims: known?.claims ?? {} };
      return seen(dependencies, tenant, arrival, assigned);
    });
    return (await Promise.all(previews)).flat();
  };

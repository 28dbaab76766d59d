import { previewPerson } from '../domain/access-preview.ts';
import type { TenantPreview } from '../domain/access-preview.ts';
import { AdministrationRefused } from '../domain/administration.ts';
import type { Directory } from '../domain/directory.ts';
import { offeredConnections } from '../domain/directory.ts';
import type { ConnectionId } from '../domain/ids.ts';
import type { Arrival, HeldRole } from '../domain/role-mapping.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { MemberDependencies } from './steps/member-of.ts';
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

const seen = (
  { roles, resources }: Directory,
  tenant: Tenant,
  arrival: Arrival,
  assigned: readonly HeldRole[],
  now: number,
): TenantPreview[] => previewPerson({ tenants: [tenant], roles, resources }, arrival, new Map([[tenant.id, assigned]]), now);

/** What the rules in force make of somebody who is not there, or not like that. */
export const tryImagined =
  ({ directory, clock }: MemberDependencies) =>
  (tenant: Tenant, imagined: Imagined): TenantPreview[] => {
    if (!offeredConnections(directory, tenant.id).some(({ id }) => id === imagined.connectionId))
      throw new AdministrationRefused('not-found');
    return seen(directory, tenant, imagined, [], clock.now());
  };

/** What they make of somebody of the tenant, by each sign-in that leads here. */
export const tryMember =
  (dependencies: MemberDependencies) =>
  async (sought: Sought): Promise<TenantPreview[]> => {
    const { directory, memberships, clock } = dependencies;
    const { tenant, userId } = sought;
    const { identities } = await someoneHere(dependencies)(sought);
    const assigned = (await memberships.get(tenant.id, userId))?.roles.filter(({ source }) => source === 'assigned') ?? [];
    return identities.flatMap(({ connectionId, subject, known }) => {
      const arrival = { connectionId, subject, groups: known?.groups ?? null, claims: known?.claims ?? {} };
      return seen(directory, tenant, arrival, assigned, clock.now());
    });
  };

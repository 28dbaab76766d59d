import { AdministrationRefused } from '../domain/administration.ts';
import type { GrantId, TenantId, UserId } from '../domain/ids.ts';
import type { Grants } from '../ports/grants.ts';
import type { TenantRows } from '../ports/tenant-rows.ts';
import type { EndDependencies } from './steps/end-grant.ts';
import { endGrant } from './steps/end-grant.ts';

export interface EndTenantGrantsDependencies extends EndDependencies {
  readonly grants: Pick<Grants, 'end' | 'get'>;
  readonly rows: Pick<TenantRows, 'grants'>;
}

const byAdministrator = 'ended by an administrator';

/** Ends one grant of a tenant; one that is over already stays as it is, and one of another tenant is not there. */
export const endTenantGrant = (dependencies: EndTenantGrantsDependencies) => {
  const end = endGrant(dependencies);
  return async (tenantId: TenantId, id: GrantId, adminId: UserId): Promise<void> => {
    const grant = await dependencies.grants.get(id);
    if (grant?.tenantId !== tenantId) throw new AdministrationRefused('not-found');
    if (grant.stage !== 'ended') await end(grant, byAdministrator, adminId);
  };
};

/** Ends everything an app was granted in a tenant, codes that are not redeemed included; how many this call ended. */
export const endClientGrants = (dependencies: EndTenantGrantsDependencies) => {
  const end = endGrant(dependencies);
  return async (tenantId: TenantId, clientKey: string, adminId: UserId): Promise<number> => {
    let [known, ended] = [false, 0];
    for await (const page of dependencies.rows.grants(tenantId, '')) {
      const meant = page.filter((grant) => grant.clientKey === clientKey);
      known ||= meant.length > 0;
      const living = meant.filter(({ stage }) => stage !== 'ended');
      const outcomes = await Promise.all(living.map((grant) => end(grant, byAdministrator, adminId)));
      ended += outcomes.filter(Boolean).length;
    }
    if (!known) throw new AdministrationRefused('not-found');
    return ended;
  };
};

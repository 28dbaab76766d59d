import { assignRole, takeRole } from './flows/assign-role.ts';
import { decideClient } from './flows/decide-client.ts';
import { decideUser } from './flows/decide-user.ts';
import { endClientGrants, endTenantGrant } from './flows/end-tenant-grants.ts';
import { listMembers } from './flows/list-members.ts';
import { exportAudit, searchAudit } from './flows/search-audit.ts';
import { someoneHere } from './flows/steps/someone-here.ts';
import { defaultLimits } from './gateway/dependencies.ts';
import { openGuard } from './gateway/guard.ts';
import type { AdministrationParts } from './http/app.ts';
import type { AdminParts } from './http/admin/dependencies.ts';
import { adminRoutes } from './http/admin/routes.ts';
import type { DocumentEngine } from './ports/document-engine.ts';
import { openTenantRows } from './stores/tenant-rows.ts';

type Parts = Parameters<typeof openGuard>[0] &
  Pick<AdminParts, 'directory' | 'audit' | 'seenClients'> &
  Parameters<typeof decideClient>[0] &
  Omit<Parameters<typeof assignRole>[0], 'rows'> &
  Omit<Parameters<typeof decideUser>[0], 'rows'> &
  Omit<Parameters<typeof endTenantGrant>[0], 'rows'>;

/** The administration over HTTP: who asks is told by the same guard that stands before what is proxied. */
export function openAdminParts(given: Parts, engine: DocumentEngine): AdministrationParts {
  const rows = openTenantRows(engine);
  const parts = { ...given, rows };
  const flows = {
    memberOf: someoneHere(parts),
    listMembers: listMembers(parts),
    assignRole: assignRole(parts),
    takeRole: takeRole(parts),
    decideUser: decideUser(parts),
    endTenantGrant: endTenantGrant(parts),
    endClientGrants: endClientGrants(parts),
    decideClient: decideClient(parts),
    searchAudit: searchAudit(parts),
    exportAudit: exportAudit(parts),
  };
  return { guard: openGuard(given, defaultLimits), routes: adminRoutes({ ...parts, flows }) };
}

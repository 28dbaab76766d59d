import { assignRole, takeRole } from './flows/assign-role.ts';
import { ConfigProblems } from './config/problems.ts';
import { directoryUnder, judgePolicy } from './config/policy.ts';
import { RuleSchema } from './config/rule-schema.ts';
import type { Config } from './config/schema.ts';
import { changeRules, proposeRules, readRules } from './flows/change-rules.ts';
import type { Judged, PolicyDocument, RulesDependencies } from './flows/change-rules.ts';
import { decideClient } from './flows/decide-client.ts';
import { decideUser } from './flows/decide-user.ts';
import { endClientGrants, endTenantGrant } from './flows/end-tenant-grants.ts';
import { inviteAdministrator, listInvitations, withdrawInvitation } from './flows/invite-administrator.ts';
import { listMembers } from './flows/list-members.ts';
import { exportAudit, searchAudit } from './flows/search-audit.ts';
import { tryImagined, tryMember } from './flows/try-rules.ts';
import type { NamingDependencies } from './flows/steps/name-groups.ts';
import { someoneHere } from './flows/steps/someone-here.ts';
import { defaultLimits } from './gateway/dependencies.ts';
import { openGuard } from './gateway/guard.ts';
import type { AdministrationParts } from './http/app.ts';
import type { AdminParts } from './http/admin/dependencies.ts';
import type { AdminRoute } from './http/admin/contract.ts';
import { adminRoutes } from './http/admin/routes.ts';
import type { DocumentEngine } from './ports/document-engine.ts';
import { openPeople } from './stores/people.ts';
import { openTenantRows } from './stores/tenant-rows.ts';

type Parts = Parameters<typeof openGuard>[0] &
  Pick<AdminParts, 'directory' | 'audit' | 'seenClients'> &
  Parameters<typeof decideClient>[0] &
  NamingDependencies &
  Omit<Parameters<typeof assignRole>[0], 'rows'> &
  Omit<Parameters<typeof decideUser>[0], 'rows'> &
  Omit<Parameters<typeof endTenantGrant>[0], 'rows'> &
  Parameters<typeof inviteAdministrator>[0] &
  Pick<RulesDependencies, 'policies'>;

function judging(config: Config): (document: unknown) => Judged {
  return (document) => {
    try {
      return { document: judgePolicy(config, document) as unknown as PolicyDocument };
    } catch (error) {
      if (error instanceof ConfigProblems)
        return { problems: error.problems.map(({ key, problem }) => ({ at: key.replace(/^tenants\[\d+\]\./, ''), problem })) };
      throw error;
    }
  };
}

/** Every route, bound to nothing: what each takes and gives can be asked of it, and nothing done. */
export const unboundRoutes = (): AdminRoute[] => adminRoutes({ flows: {}, ruleSchema: RuleSchema } as unknown as AdminParts);

/** The administration over HTTP: who asks is told by the same guard that stands before what is proxied. */
export function openAdminParts(given: Parts, engine: DocumentEngine, config: Config): AdministrationParts {
  const rows = openTenantRows(engine);
  const parts = { ...given, rows, ruleSchema: RuleSchema };
  const people = openPeople(engine);
  const isFileOnly = config.administration?.rulesByFileOnly === true;
  const ruling = { ...given, people, meaning: directoryUnder(config), judge: judging(config), isFileOnly };
  const flows = {
    memberOf: someoneHere(parts),
    listMembers: listMembers(parts),
    assignRole: assignRole(parts),
    takeRole: takeRole(parts),
    decideUser: decideUser(parts),
    listInvitations: listInvitations(parts),
    inviteAdministrator: inviteAdministrator(parts),
    withdrawInvitation: withdrawInvitation(parts),
    readRules: readRules(ruling),
    proposeRules: proposeRules(ruling),
    changeRules: changeRules(ruling),
    tryImagined: tryImagined(parts),
    tryMember: tryMember(parts),
    endTenantGrant: endTenantGrant(parts),
    endClientGrants: endClientGrants(parts),
    decideClient: decideClient(parts),
    searchAudit: searchAudit(parts),
    exportAudit: exportAudit(parts),
  };
  return { guard: openGuard(given, defaultLimits), routes: adminRoutes({ ...parts, flows }) };
}

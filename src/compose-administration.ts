import { openExaminations } from './compose-upstreams.ts';
import { assignRole, takeRole } from './flows/assign-role.ts';
import { directoryUnder, judged } from './config/policy.ts';
import { RuleSchema } from './config/rule-schema.ts';
import type { Config } from './config/schema.ts';
import { changeRules, proposeRules, readRules } from './flows/change-rules.ts';
import type { Judged, PolicyDocument, RulesDependencies } from './flows/change-rules.ts';
import { decideClient } from './flows/decide-client.ts';
import { decideUser } from './flows/decide-user.ts';
import { endClientGrants, endTenantGrant } from './flows/end-tenant-grants.ts';
import { examineConnection } from './flows/examine-connection.ts';
import { inviteAdministrator, listInvitations, withdrawInvitation } from './flows/invite-administrator.ts';
import { listMembers } from './flows/list-members.ts';
import { readHistory, readRevision, rulesHistory } from './flows/read-history.ts';
import { proposeRestore, restorePolicy } from './flows/restore-policy.ts';
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
import type { RateWindows } from './ports/rate-windows.ts';
import { openPeople } from './stores/people.ts';
import { openTenantRows } from './stores/tenant-rows.ts';

/** What examining a connection takes beside what there is already. */
type Examining = Pick<Parameters<typeof examineConnection>[0], 'examinations' | 'examinationRate'>;

type Parts = Parameters<typeof openGuard>[0] &
  Pick<AdminParts, 'directory' | 'audit' | 'seenClients'> &
  Parameters<typeof decideClient>[0] &
  NamingDependencies &
  Omit<Parameters<typeof assignRole>[0], 'rows'> &
  Omit<Parameters<typeof decideUser>[0], 'rows'> &
  Omit<Parameters<typeof endTenantGrant>[0], 'rows'> &
  Parameters<typeof inviteAdministrator>[0] &
  Omit<Parameters<typeof examineConnection>[0], keyof Examining> &
  Pick<RulesDependencies, 'policies' | 'seenClients'> & { readonly windows: RateWindows };

/** Problems of one tenant's rules are told without which of all tenants it is. */
function judgingRules(config: Config): (document: unknown) => Judged {
  const judge = judged(config);
  return (document) => {
    const found = judge(document);
    if (!('problems' in found)) return { document: found.document as unknown as PolicyDocument };
    return { problems: found.problems.map(({ at, problem }) => ({ at: at.replace(/^tenants\[\d+\]\./, ''), problem })) };
  };
}

/** Every route, bound to nothing: what each takes and gives can be asked of it, and nothing done. */
export const unboundRoutes = (): AdminRoute[] => adminRoutes({ flows: {}, ruleSchema: RuleSchema } as unknown as AdminParts);

/** Of one connection within a minute, whoever asks for it: each asks its identity provider a handful of things. */
const mostExaminations = 6;

/** The administration over HTTP: who asks is told by the same guard that stands before what is proxied. */
export function openAdminParts(given: Parts, engine: DocumentEngine, config: Config): AdministrationParts {
  const rows = openTenantRows(engine);
  const parts = { ...given, rows, ruleSchema: RuleSchema };
  const people = openPeople(engine);
  const isFileOnly = config.administration?.rulesByFileOnly === true;
  const ruling = { ...given, people, meaning: directoryUnder(config), judge: judgingRules(config), isFileOnly };
  const restoring = { ...ruling, judge: judged(config) };
  const examinationRate = given.windows.counter('examination', mostExaminations);
  const examining = { ...given, examinations: openExaminations(config, given), examinationRate };
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
    readHistory: readHistory(given),
    readRevision: readRevision(given),
    rulesHistory: rulesHistory(given),
    proposeRestore: proposeRestore(restoring),
    restorePolicy: restorePolicy(restoring),
    tryImagined: tryImagined(parts),
    tryMember: tryMember(parts),
    examineConnection: examineConnection(examining),
    endTenantGrant: endTenantGrant(parts),
    endClientGrants: endClientGrants(parts),
    decideClient: decideClient(parts),
    searchAudit: searchAudit(parts),
    exportAudit: exportAudit(parts),
  };
  return { guard: openGuard(given, defaultLimits), routes: adminRoutes({ ...parts, flows }) };
}

import type { z } from 'zod';
import type { Directory } from '../../domain/directory.ts';
import type { assignRole, takeRole } from '../../flows/assign-role.ts';
import type { changeRules, proposeRules, readRules } from '../../flows/change-rules.ts';
import type { decideClient } from '../../flows/decide-client.ts';
import type { decideUser } from '../../flows/decide-user.ts';
import type { endClientGrants, endTenantGrant } from '../../flows/end-tenant-grants.ts';
import type { inviteAdministrator, listInvitations, withdrawInvitation } from '../../flows/invite-administrator.ts';
import type { listMembers } from '../../flows/list-members.ts';
import type { exportAudit, searchAudit } from '../../flows/search-audit.ts';
import type { tryImagined, tryMember } from '../../flows/try-rules.ts';
import type { someoneHere } from '../../flows/steps/someone-here.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { SeenClients } from '../../ports/seen-clients.ts';
import type { TenantRows } from '../../ports/tenant-rows.ts';

/** Every flow of the administration with its dependencies filled in. */
export interface AdminFlows {
  readonly memberOf: ReturnType<typeof someoneHere>;
  readonly listMembers: ReturnType<typeof listMembers>;
  readonly assignRole: ReturnType<typeof assignRole>;
  readonly takeRole: ReturnType<typeof takeRole>;
  readonly decideUser: ReturnType<typeof decideUser>;
  readonly listInvitations: ReturnType<typeof listInvitations>;
  readonly inviteAdministrator: ReturnType<typeof inviteAdministrator>;
  readonly withdrawInvitation: ReturnType<typeof withdrawInvitation>;
  readonly readRules: ReturnType<typeof readRules>;
  readonly proposeRules: ReturnType<typeof proposeRules>;
  readonly changeRules: ReturnType<typeof changeRules>;
  readonly tryImagined: ReturnType<typeof tryImagined>;
  readonly tryMember: ReturnType<typeof tryMember>;
  readonly endTenantGrant: ReturnType<typeof endTenantGrant>;
  readonly endClientGrants: ReturnType<typeof endClientGrants>;
  readonly decideClient: ReturnType<typeof decideClient>;
  readonly searchAudit: ReturnType<typeof searchAudit>;
  readonly exportAudit: ReturnType<typeof exportAudit>;
}

/** What the routes share. */
export interface AdminParts {
  readonly directory: Directory;
  readonly flows: AdminFlows;
  readonly rows: TenantRows;
  readonly seenClients: Pick<SeenClients, 'byKey' | 'page'>;
  readonly audit: AuditLog;
  /** One rule, in the shape the configuration has it. */
  readonly ruleSchema: z.ZodType;
}

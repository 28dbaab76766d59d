import { auditRoutes } from './audit.ts';
import { clientRoutes } from './clients.ts';
import { connectionRoutes } from './connections.ts';
import type { AdminRoute } from './contract.ts';
import type { AdminParts } from './dependencies.ts';
import { grantRoutes } from './grants.ts';
import { invitationRoutes } from './invitations.ts';
import { labRoutes } from './lab.ts';
import { memberRoutes } from './members.ts';
import { withReference } from './openapi.ts';
import { roleRoutes } from './roles.ts';
import { ruleRoutes } from './rules.ts';
import { tenantRoutes } from './tenants.ts';

/** Every route there is; the reference and the test of who may what are made of this list. */
export const adminRoutes = (parts: AdminParts): AdminRoute[] =>
  withReference([
    ...tenantRoutes(parts),
    ...roleRoutes(parts),
    ...memberRoutes(parts),
    ...invitationRoutes(parts),
    ...ruleRoutes(parts),
    ...labRoutes(parts),
    ...connectionRoutes(parts),
    ...grantRoutes(parts),
    ...clientRoutes(parts),
    ...auditRoutes(parts),
  ]);

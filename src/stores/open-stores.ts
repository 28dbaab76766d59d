import type { AuthorityFeed } from '../ports/authority-feed.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentEngine } from '../ports/document-engine.ts';
import type { Sealing } from '../ports/sealing.ts';
import { openAuditLog } from './audit-log.ts';
import { openConnectionTests } from './connection-tests.ts';
import { openGrants } from './grants.ts';
import { openGroupNames } from './group-names.ts';
import { openInvitations } from './invitations.ts';
import { openMemberships } from './memberships.ts';
import { openNewcomers } from './newcomers.ts';
import { openPolicies } from './policies.ts';
import { openProvenDomains } from './proven-domains.ts';
import { openProvisionedGroups } from './provisioned-groups.ts';
import { openProvisionedUsers } from './provisioned-users.ts';
import { openScimTokens } from './scim-tokens.ts';
import { openSecondFactors } from './second-factors.ts';
import { openSeenClients } from './seen-clients.ts';
import { openTransactions } from './transactions.ts';
import { openUpstreamSessions } from './upstream-sessions.ts';
import { openUsers } from './users.ts';

export interface StoreParts {
  readonly feed: AuthorityFeed;
  readonly sealing: Sealing;
  readonly clock: Clock;
  /** The chain of the audit that this process writes. */
  readonly chain: string;
}

/** Every store of one broker over one engine. */
export const openStores = (engine: DocumentEngine, { feed, sealing, clock, chain }: StoreParts) => ({
  transactions: openTransactions(engine),
  connectionTests: openConnectionTests(engine),
  grants: openGrants(engine, feed),
  users: openUsers(engine, feed),
  memberships: openMemberships(engine, feed),
  invitations: openInvitations(engine),
  seenClients: openSeenClients(engine, feed),
  upstreamSessions: openUpstreamSessions(engine, sealing),
  secondFactors: openSecondFactors(engine, sealing),
  provenDomains: openProvenDomains(engine),
  newcomers: openNewcomers(engine),
  policies: openPolicies(engine),
  groupNames: openGroupNames(engine, clock),
  provisionedUsers: openProvisionedUsers(engine, feed),
  provisionedGroups: openProvisionedGroups(engine),
  scimTokens: openScimTokens(engine),
  audit: openAuditLog(engine, { chain, clock }),
});

import { z } from 'zod';
import { ConnectionTest } from '../domain/connection-test.ts';
import { Grant } from '../domain/grant.ts';
import { Revision } from '../domain/policy.ts';
import { GroupName } from '../domain/group-name.ts';
import { Invitation } from '../domain/invitation.ts';
import { ProvenDomain } from '../domain/proven-domain.ts';
import { SecondFactor } from '../domain/second-factor.ts';
import { SeenClient } from '../domain/seen-client.ts';
import { SigningKey } from '../domain/signing-key.ts';
import { Membership } from '../domain/tenant.ts';
import { Transaction } from '../domain/transaction.ts';
import { UpstreamSession } from '../domain/upstream-session.ts';
import { Identity, User } from '../domain/user.ts';
import type { Collection } from './collection.ts';
import { declare } from './collection.ts';
import { provisionedCollections } from './provisioned-collections.ts';

export const transactions = declare({
  name: 'transactions',
  unique: [],
  indexes: [],
  expires: 'expiresAt',
  shape: Transaction,
  describe: 'One authorization request in progress, from the first page to the answer; ten minutes.',
});

export const connectionTests = declare({
  name: 'connection_tests',
  unique: [],
  indexes: [],
  expires: 'expiresAt',
  shape: ConnectionTest,
  describe:
    'One sign-in that an administrator tries before go-live: a printed link that was used up, and, sealed, what came of it; ten minutes.',
});

export const grants = declare({
  name: 'grants',
  unique: [],
  indexes: ['userId', 'clientKey', 'tenantId', 'sidKey'],
  expires: 'expiresAt',
  shape: Grant,
  describe: 'What one user lets one client do with one resource in one tenant: code, token family and liveness in one row.',
});

export const users = declare({
  name: 'users',
  unique: [],
  indexes: [],
  expires: null,
  shape: User,
  describe: 'A person, under an id of ours.',
});

export const identities = declare({
  name: 'identities',
  unique: [],
  indexes: ['userId'],
  expires: null,
  shape: Identity,
  describe:
    'An upstream identity (connection, issuer, subject), whose it is, and what its connection last said of the person as far as rules ask: groups, and the claims that rules name.',
});

export const upstreamSessions = declare({
  name: 'upstream_sessions',
  unique: [],
  indexes: [],
  expires: 'expiresAt',
  shape: UpstreamSession,
  describe:
    'What is known of a person’s session at an identity provider: whether they are still there, and the sealed token to ask with. Only where a connection is asked again, or has spoken.',
});

export const upstreamSignals = declare({
  name: 'upstream_signals',
  unique: [],
  indexes: [],
  expires: 'expiresAt',
  shape: z.object({ id: z.string(), at: z.number(), expiresAt: z.number() }),
  describe: 'That an identity provider told of a sign-out, and when first: deliveries repeat. A quarter of an hour.',
});

export const secondFactors = declare({
  name: 'second_factors',
  unique: [],
  indexes: [],
  expires: null,
  shape: SecondFactor,
  describe:
    'A person’s second factor of ours, where a tenant has `ownSecondFactor`: the sealed secret of the authenticator app, the last code taken, the public keys of passkeys and how often each was used, digests of the recovery codes that are left, and wrong answers in a row.',
});

export const memberships = declare({
  name: 'memberships',
  unique: [],
  indexes: ['userId', 'tenantId'],
  expires: null,
  shape: Membership,
  describe: 'The roles that were assigned to a user in a tenant by hand. What rules give is computed whenever it is asked for.',
});

export const invitations = declare({
  name: 'invitations',
  unique: [],
  indexes: ['tenantId'],
  expires: 'expiresAt',
  shape: Invitation,
  describe:
    'That somebody may become an administrator by a link: of which tenant, with which role, by whose power, and who took it. Until the link is over.',
});

export const policyRevisions = declare({
  name: 'policy_revisions',
  unique: [],
  indexes: [],
  expires: null,
  shape: z.object({ ...Revision.shape, id: z.string() }),
  describe: 'The history of who may do what: who made each revision, when, and which document it is. The newest is in force.',
});

export const policyDocuments = declare({
  name: 'policy_documents',
  unique: [],
  indexes: [],
  expires: null,
  shape: z.object({ id: z.string(), document: z.unknown() }),
  describe:
    'Tenants with their rules, roles, and the scopes and tools of resources, as a revision put them in force; found by its SHA-256.',
});

export const newcomerCounts = declare({
  name: 'newcomer_counts',
  unique: [],
  indexes: [],
  expires: null,
  shape: z.object({ id: z.string(), count: z.number() }),
  describe: 'How many have come through a connection for the first time, where its `newPeople` has an end.',
});

export const seenClients = declare({
  name: 'seen_clients',
  unique: [],
  indexes: [],
  expires: null,
  shape: SeenClient,
  describe: 'A client some person let in: who added it and when it was last used.',
});

export const signingKeys = declare({
  name: 'signing_keys',
  unique: [],
  indexes: [],
  expires: null,
  shape: SigningKey,
  describe: 'Key pairs that sign tokens; the private half is sealed under the installation key.',
});

export const provenDomains = declare({
  name: 'proven_domains',
  unique: [],
  indexes: [],
  expires: 'expiresAt',
  shape: ProvenDomain,
  describe: 'That the DNS record of an e-mail domain was seen; three days after it was last seen, or at once when DNS answers without it.',
});

export const groupNames = declare({
  name: 'group_names',
  unique: [],
  indexes: ['connectionId'],
  expires: 'expiresAt',
  shape: GroupName,
  describe:
    'What people at an identity provider call a group that rules name by an id, where it tells; for display alone. Gone when no sign-in told it for ninety days.',
});

export const authorityChanges = declare({
  name: 'authority_changes',
  unique: [],
  indexes: [],
  expires: 'expiresAt',
  shape: z.object({
    id: z.string(),
    kind: z.enum(['grant', 'member', 'user', 'client', 'identity']),
    key: z.string(),
    expiresAt: z.number(),
  }),
  describe: 'That something was taken away: every instance hears of it here; ten minutes.',
});

export const rateWindows = declare({
  name: 'rate_windows',
  unique: [],
  indexes: [],
  expires: 'expiresAt',
  shape: z.looseObject({ id: z.string(), expiresAt: z.number() }),
  describe:
    'How often one source address did what `limits` bounds, in one minute: a count per instance, under `by_` and its id. The address is only in a keyed digest that is another one every minute; gone two minutes later.',
});

export const auditEvents = declare({
  name: 'audit_events',
  unique: [],
  indexes: ['userId', 'tenantId'],
  expires: null,
  inOrder: true,
  shape: z.object({
    id: z.string(),
    chain: z.string(),
    sequence: z.number(),
    at: z.number(),
    previous: z.string(),
    hash: z.string(),
    userId: z.string().optional(),
    tenantId: z.string().optional(),
    event: z.record(z.string(), z.unknown()),
  }),
  describe: 'What was decided, append-only, each row chained to the one before it by its hash.',
});

export const collections: readonly Collection[] = [
  transactions,
  connectionTests,
  grants,
  users,
  identities,
  memberships,
  invitations,
  newcomerCounts,
  policyRevisions,
  policyDocuments,
  secondFactors,
  upstreamSessions,
  upstreamSignals,
  seenClients,
  signingKeys,
  provenDomains,
  groupNames,
  ...provisionedCollections,
  authorityChanges,
  rateWindows,
  auditEvents,
];

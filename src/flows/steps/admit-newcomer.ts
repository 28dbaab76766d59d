import { findConnection, connectionNames } from '../../domain/directory.ts';
import { emailDomain } from '../../domain/email-domain.ts';
import type { VerifiedIdentity } from '../../domain/identity.ts';
import { identityKey } from '../../domain/identity.ts';
import { refusalOfNewcomer } from '../../domain/newcomer.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { Arrival } from '../../domain/role-mapping.ts';
import { mapRoles } from '../../domain/role-mapping.ts';
import type { Newcomers } from '../../ports/newcomers.ts';
import type { Users } from '../../ports/users.ts';
import type { ProvenDependencies } from './proven-connections.ts';
import { provenConnections } from './proven-connections.ts';

export interface NewcomerDependencies extends ProvenDependencies {
  readonly newcomers: Newcomers;
  readonly users: Pick<Users, 'identity'>;
}

const admitted = { release: async () => Promise.resolve() };

/** Whether somebody may come in for the first time, and how to give their place back; throws when not. Whoever has been here before is not asked about. */
export const admitNewcomer =
  (dependencies: NewcomerDependencies) =>
  async (identity: VerifiedIdentity, said: Pick<Arrival, 'groups' | 'claims'>): Promise<{ release(): Promise<void> }> => {
    const { directory, newcomers, users, clock } = dependencies;
    const { connectionId, subject, email } = identity;
    const policy = findConnection(directory, connectionId)?.newPeople;
    if (policy === undefined || (await users.identity(identityKey(identity))) !== null) return admitted;
    const proven = policy.who === 'proven-domain' ? await provenConnections(dependencies)() : new Map<string, string>();
    const roles = directory.tenants.flatMap((tenant) => mapRoles(tenant, { connectionId, subject, ...said }, [], clock.now()));
    const domain = email === null ? null : emailDomain(email);
    const refusal = refusalOfNewcomer(policy, (one) => proven.get(one) === connectionId, { domain, roles });
    if (refusal !== null) throw new PageRefusal('no-access', refusal, connectionNames(directory, connectionId));
    if (policy.most === null) return admitted;
    if (!(await newcomers.take(connectionId, policy.most)))
      throw new PageRefusal('no-access', `newcomers: ${policy.most} have come in already`, connectionNames(directory, connectionId));
    return { release: () => newcomers.giveBack(connectionId) };
  };

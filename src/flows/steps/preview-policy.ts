import { losesSomething } from '../../domain/access-difference.ts';
import type { Grant } from '../../domain/grant.ts';
import { isLive } from '../../domain/grant.ts';
import type { UserId } from '../../domain/ids.ts';
import { comparePolicies } from '../../domain/policy-comparison.ts';
import type { ChangedPerson, PolicyDifference } from '../../domain/policy-comparison.ts';
import type { AccessPolicy } from '../../domain/role-access.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Grants } from '../../ports/grants.ts';
import type { People, Somebody } from '../../ports/people.ts';
import type { SeenClients } from '../../ports/seen-clients.ts';
import type { Users } from '../../ports/users.ts';
import { asTold } from './as-told.ts';
import type { ProvisionedGroupsDependencies } from './provisioned-groups.ts';

export interface PreviewDependencies extends ProvisionedGroupsDependencies {
  readonly people: People;
  readonly users: Pick<Users, 'get'>;
  readonly grants: Pick<Grants, 'ofUser'>;
  readonly seenClients: Pick<SeenClients, 'get'>;
  readonly clock: Clock;
}

export interface PreviewOptions {
  /** Whose own administration is looked after. */
  readonly you?: UserId;
  /** How many are named of each kind of change. */
  readonly examples?: number;
  /** Told how many people have been looked at. */
  readonly progress?: (people: number) => void;
}

/** Somebody who is shown: as they call themselves, or as nobody knows them any more. */
export interface Shown {
  readonly name: string | null;
  readonly email: string | null;
}

export interface PolicyPreview extends PolicyDifference {
  /** Who would lose something. */
  readonly losing: number;
  /** Apps that would be cut off from somebody who loses access, and whether these are only the first ones counted. */
  readonly cut: { readonly grants: number; readonly isAll: boolean };
  /** Of how many nothing is known until their identity provider next speaks: they have what their rows say, whatever the rules. */
  readonly unheard: number;
  readonly shown: ReadonlyMap<UserId, Shown>;
}

/** Of so many who lose access the apps are counted. */
const mostCounted = 2_000;

const isLoss = ({ tenants }: ChangedPerson): boolean => tenants.some(({ difference }) => losesSomething(difference));

const losesAccess = ({ tenants }: ChangedPerson): boolean => tenants.some(({ difference }) => difference.losesAccess);

/** Whether an app may do anything now: neither is it kept out, nor is what it was let in to gone. */
async function isWorking({ directory, seenClients, clock }: PreviewDependencies, grant: Grant): Promise<boolean> {
  const resource = directory.addresses.get(grant.resource);
  if (!isLive(grant, clock.now()) || (resource?.onlyTenant ?? grant.tenantId) !== grant.tenantId) return false;
  return resource !== undefined && (await seenClients.get(grant.client_id))?.status !== 'withdrawn';
}

/** The apps that people who lose access let in, in the tenants they lose. */
async function cutOff(dependencies: PreviewDependencies, losers: readonly ChangedPerson[]): Promise<number> {
  let count = 0;
  for (const { userId, connectionId, tenants } of losers) {
    const lost = tenants.filter(({ difference }) => difference.losesAccess).map(({ tenantId }) => tenantId);
    const theirs = await dependencies.grants.ofUser(userId);
    const concerned = theirs.filter((grant) => grant.connectionId === connectionId && lost.includes(grant.tenantId));
    const working = await Promise.all(concerned.map((grant) => isWorking(dependencies, grant)));
    count += working.filter(Boolean).length;
  }
  return count;
}

/** What another policy would be to everybody who is known, by the very rules that put it in force. Nothing is written. */
export const previewPolicy =
  (dependencies: PreviewDependencies) =>
  async (before: AccessPolicy, after: AccessPolicy, options: PreviewOptions = {}): Promise<PolicyPreview> => {
    const { people, users, clock } = dependencies;
    const { you, examples = 50, progress = () => undefined } = options;
    const comparison = comparePolicies(before, after, { now: clock.now(), examples, ...(you === undefined ? {} : { you }) });
    const told = asTold(dependencies);
    const here = async ({ identity, assigned }: Somebody): Promise<Somebody | null> => {
      const known = await told(identity);
      return known === null ? null : { identity: known, assigned };
    };
    const losers: ChangedPerson[] = [];
    let [seen, losing, cutting, unheard] = [0, 0, 0, 0];
    const look = ({ identity: { userId, connectionId, subject, known }, assigned }: Somebody): void => {
      const isUnheard = known === undefined;
      if (isUnheard) unheard += 1;
      const arrival = { connectionId, subject, groups: known?.groups ?? null, claims: known?.claims ?? {} };
      const changed = comparison.add({ userId, arrival, assigned, isUnheard });
      if (isLoss(changed)) losing += 1;
      if (!losesAccess(changed)) return undefined;
      cutting += 1;
      if (losers.length < mostCounted) losers.push(changed);
      return undefined;
    };
    for await (const page of people.everybody()) {
      (await Promise.all(page.map(here))).forEach((one) => one !== null && look(one));
      progress((seen += page.length));
    }
    const difference = comparison.result();
    const grants = await cutOff(dependencies, losers);
    const ids = [...new Set(difference.examples.flatMap((each) => each.people.map(({ userId }) => userId)))];
    const named = await Promise.all(
      ids.map(async (id): Promise<[UserId, Shown]> => {
        const user = await users.get(id);
        return [id, { name: user?.name ?? null, email: user?.email ?? null }];
      }),
    );
    return { ...difference, losing, cut: { grants, isAll: cutting === losers.length }, unheard, shown: new Map(named) };
  };

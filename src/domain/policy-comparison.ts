import { changeOf, changes, lossesFirst } from './access-difference.ts';
import type { Change } from './access-difference.ts';
import { compareTenants } from './compared-tenants.ts';
import type { AdministratorVerdict, KnownPerson, TenantDifference } from './compared-tenants.ts';
import type { ConnectionId, UserId } from './ids.ts';
import type { AccessPolicy } from './role-access.ts';
import { asksUnknown } from './unknown-facts.ts';

/** What a change of the policy is to somebody, and where. */
export interface ChangedPerson {
  readonly userId: UserId;
  readonly connectionId: ConnectionId;
  readonly change: Change;
  readonly tenants: readonly TenantDifference[];
}

/** What a change of the policy is to everybody. */
export interface PolicyDifference extends AdministratorVerdict {
  readonly people: number;
  /** Everybody is in exactly one. */
  readonly counts: Readonly<Record<Change, number>>;
  /** The first few of each, who lose something first, by id: their names are for whoever shows them to look up. */
  readonly examples: readonly { readonly change: Change; readonly people: readonly ChangedPerson[] }[];
  /** Of how many something is not known that the new rules ask for. */
  readonly unknown: number;
}

export interface ComparisonOptions {
  /** In ms since the epoch: what has ended by then gives nothing. */
  readonly now: number;
  /** Whose own administration is looked after. */
  readonly you?: UserId;
  /** How many are kept of each kind of change. */
  readonly examples?: number;
}

export interface PolicyComparison {
  /** One more person; answers with what it is to them. */
  add(person: KnownPerson): ChangedPerson;
  result(): PolicyDifference;
}

/** For in how many tenants one example says what changes. */
const mostTenants = 10;

/** Puts two policies side by side for one person after another, and keeps of it no more than is told in the end, however many come. */
export function comparePolicies(before: AccessPolicy, after: AccessPolicy, options: ComparisonOptions): PolicyComparison {
  const { now, you = null, examples = 50 } = options;
  const tenants = compareTenants(before, after, { now, you });
  const isUnknown = asksUnknown(after.tenants);
  const counts = Object.fromEntries(changes.map((change) => [change, 0])) as Record<Change, number>;
  const kept = new Map<Change, ChangedPerson[]>(lossesFirst.map((change) => [change, []]));
  let [people, unknown] = [0, 0];
  return {
    add(person) {
      const all = tenants.differencesFor(person);
      const change = changeOf(all.map(({ difference }) => difference));
      const told = change === 'stays' ? [] : all.filter(({ difference }) => changeOf([difference]) !== 'stays').slice(0, mostTenants);
      const changed = { userId: person.userId, connectionId: person.arrival.connectionId, change, tenants: told };
      people += 1;
      counts[change] += 1;
      if (person.isUnheard !== true && isUnknown(person.arrival)) unknown += 1;
      const others = kept.get(change);
      if (others !== undefined && others.length < examples) others.push(changed);
      return changed;
    },
    result: () => ({
      people,
      counts: { ...counts },
      examples: [...kept].map(([change, found]) => ({ change, people: [...found] })),
      unknown,
      ...tenants.verdict(),
    }),
  };
}

import type { Assurance } from './assurance.ts';
import type { AssuranceDemand, Lack } from './assurance-demand.ts';
import { shortfall, strictest } from './assurance-demand.ts';
import type { Person } from './person.ts';
import type { Resource } from './resource.ts';
import type { Tenant } from './tenant.ts';
import type { FrozenRequest } from './transaction.ts';

/** Who wants the proof that is missing. */
export type Asker = 'tenant' | 'resource' | 'client';

/** Whether a sign-in opens a tenant for a request: all that is wanted of it, and what it lacks. */
export interface Entry {
  readonly demand: AssuranceDemand;
  /** The first is that of `asker`. */
  readonly lacks: readonly Lack[];
  /** The first of those whose demand is not met. */
  readonly asker: Asker;
}

/** What the trip to the upstream asks for before it is known who comes: what the resource wants of everybody, and the client of this sign-in. */
export const beforeSignIn = (resource: Resource, { demand }: Pick<FrozenRequest, 'demand'>): AssuranceDemand =>
  strictest(resource.demand, demand);

/** How far our clock and the upstream's may be apart (ms). */
const clocksApart = 60_000;

/** Judges a sign-in against what the tenant and the resource want now, and what the client wanted when it asked. */
export function entryTo(tenant: Tenant, resource: Resource, request: FrozenRequest, person: Person, now: number): Entry {
  const { assurance, askedAt = now } = person;
  const wanted: readonly (readonly [Asker, AssuranceDemand, number])[] = [
    ['tenant', tenant.demand, now],
    ['resource', strictest(resource.demand), now],
    ['client', request.demand, askedAt - clocksApart],
  ];
  const lacking = wanted.map(([asker, demand, at]) => ({ asker, lacks: shortfall(assurance, demand, at) }));
  return {
    demand: strictest(tenant.demand, resource.demand, request.demand),
    lacks: [...new Set(lacking.flatMap(({ lacks }) => lacks))],
    asker: lacking.find(({ lacks }) => lacks.length > 0)?.asker ?? 'tenant',
  };
}

/** The scopes whose own demand is not met, with what lacks, and the demand that would meet them all beside `base`. */
export function withheldScopes(
  resource: Resource,
  scope: readonly string[],
  assurance: Assurance,
  now: number,
  base: AssuranceDemand,
): { readonly withheld: ReadonlyMap<string, readonly Lack[]>; readonly demand: AssuranceDemand } {
  const withheld = new Map<string, readonly Lack[]>();
  const demands = [base];
  for (const { name, demand } of resource.scopes) {
    if (demand === undefined || !scope.includes(name)) continue;
    demands.push(demand);
    const lacks = shortfall(assurance, demand, now);
    if (lacks.length > 0) withheld.set(name, lacks);
  }
  return { withheld, demand: strictest(...demands) };
}

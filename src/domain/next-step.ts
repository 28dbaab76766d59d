import type { AssuranceDemand, Lack } from './assurance-demand.ts';
import { includes } from './assurance-demand.ts';
import type { ConnectionId, TenantId } from './ids.ts';
import type { Asker, Entry } from './entry.ts';
import { entryTo, withheldScopes } from './entry.ts';
import type { Resource } from './resource.ts';
import { permittedScope } from './scope.ts';
import type { Tenant } from './tenant.ts';
import type { StageAt, Transaction } from './transaction.ts';

/** A tenant the person belongs to at this moment, with what they may do there. */
export interface Belonging {
  readonly tenant: Tenant;
  readonly roleNames: readonly string[];
  readonly permissions: readonly string[];
}

/** A trip to the upstream for more proof: `afresh` when the sign-in there is too old, `optional` when the person can go on without it. */
export interface ProofWanted {
  readonly demand: AssuranceDemand;
  readonly afresh: boolean;
  readonly optional: boolean;
}

/** The one next thing that has to happen. */
export type Step =
  | { readonly step: 'choose-connection'; readonly notice: 'unreachable' | 'sign-in-cancelled' | null }
  /** A page of ours asks on behalf of this connection. */
  | { readonly step: 'ask'; readonly connectionId: ConnectionId }
  | { readonly step: 'no-access' }
  | { readonly step: 'prove-more'; readonly tenantId: TenantId; readonly stage: StageAt<'consenting'>; readonly wanted: ProofWanted }
  | { readonly step: 'unproven'; readonly tenant: Tenant; readonly lacks: readonly Lack[]; readonly asker: Asker }
  /** The upstream could not be asked for it. */
  | { readonly step: 'proof-unreachable'; readonly tenant: Tenant }
  | {
      readonly step: 'consent';
      readonly stage: StageAt<'consenting'>;
      readonly chosen: Belonging;
      /** What may be ticked. */
      readonly offered: readonly string[];
      /** What the role allows and the sign-in does not, with what it lacks. */
      readonly withheld: ReadonlyMap<string, readonly Lack[]>;
    }
  | { readonly step: 'respond'; readonly stage: StageAt<'approved'> }
  | { readonly step: 'respond-denied' }
  | { readonly step: 'stopped' };

/** What a transaction is judged against. */
export interface Circumstances {
  readonly belongings: readonly Belonging[];
  readonly resource: Resource;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const afresh = (lacks: readonly Lack[]): boolean => lacks.includes('recent sign-in');

/** The sign-in does not open the tenant: more proof is asked for, once. */
function proveMore(stage: StageAt<'consenting'>, tenant: Tenant, { lacks, demand, asker }: Entry): Step {
  // Asked once and not proven, or the trip came to nothing: asking again by ourselves would go round in circles.
  if (stage.notice === 'unreachable') return { step: 'proof-unreachable', tenant };
  if (includes(stage.person.asked, demand) || stage.notice === 'step-up-cancelled') return { step: 'unproven', tenant, lacks, asker };
  return { step: 'prove-more', tenantId: tenant.id, stage, wanted: { demand, afresh: afresh(lacks), optional: false } };
}

/** The tenant is open; scopes that want more are asked for once, and what is not proven then is left out of what can be ticked. */
function offer({ request }: Transaction, stage: StageAt<'consenting'>, chosen: Belonging, facts: Circumstances, entry: Entry): Step {
  const { person } = stage;
  const permitted = permittedScope(facts.resource, request.scope, chosen.permissions);
  const { withheld, demand } = withheldScopes(facts.resource, permitted, person.assurance, facts.now, entry.demand);
  const offered = permitted.filter((name) => !withheld.has(name));
  const lacks = [...new Set([...withheld.values()].flat())];
  if (lacks.length > 0 && !includes(person.asked, demand)) {
    const wanted = { demand, afresh: afresh(lacks), optional: true };
    return { step: 'prove-more', tenantId: chosen.tenant.id, stage, wanted };
  }
  if (lacks.length > 0 && offered.length === 0) return { step: 'unproven', tenant: chosen.tenant, lacks, asker: 'resource' };
  return { step: 'consent', stage, chosen, offered, withheld };
}

function proveOrConsent(transaction: Transaction, stage: StageAt<'consenting'>, facts: Circumstances): Step {
  const { belongings } = facts;
  const entry = ({ tenant }: Belonging) => entryTo(tenant, facts.resource, transaction.request, stage.person, facts.now);
  const picked = belongings.find((belonging) => belonging.tenant.id === stage.tenantId);
  // Nobody is sent to prove more for a tenant they did not choose while another is open to them.
  const chosen = picked ?? belongings.find((belonging) => entry(belonging).lacks.length === 0) ?? belongings[0];
  if (chosen === undefined) return { step: 'no-access' };
  const found = entry(chosen);
  return found.lacks.length > 0 ? proveMore(stage, chosen.tenant, found) : offer(transaction, stage, chosen, facts, found);
}

/** The only place that knows what comes next; steps never route to one another. */
export function nextStep(transaction: Transaction, facts: Circumstances): Step {
  const { stage } = transaction;
  switch (stage.at) {
    case 'choosing':
      return { step: 'choose-connection', notice: stage.notice };
    case 'asking':
      return { step: 'ask', connectionId: stage.connectionId };
    // Coming back from the upstream without an answer means choosing again.
    case 'upstream':
    case 'judging':
      return { step: 'choose-connection', notice: null };
    case 'consenting':
      return proveOrConsent(transaction, stage, facts);
    case 'approved':
      return { step: 'respond', stage };
    case 'denied':
      return { step: 'respond-denied' };
    case 'stopped':
      return { step: 'stopped' };
  }
}

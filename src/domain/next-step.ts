import type { AssuranceDemand, Lack } from './assurance-demand.ts';
import { includes, noDemand } from './assurance-demand.ts';
import type { ConnectionId, TenantId } from './ids.ts';
import type { Asker, Entry } from './entry.ts';
import { entryTo, withheldScopes } from './entry.ts';
import { judgeLink } from './linking.ts';
import type { LinkFacts, LinkVerdict } from './linking.ts';
import { enrolWithin, isFresh, raise } from './local-evidence.ts';
import type { LocalMethod } from './local-evidence.ts';
import type { OwnAsk, OwnFacts } from './own-ask.ts';
import { askOwn, helpOf } from './own-ask.ts';
import type { Person } from './person.ts';
import type { Resource, Role } from './resource.ts';
import { permittedScope } from './scope.ts';
import type { Tenant } from './tenant.ts';
import type { Stage, StageAt, Transaction } from './transaction.ts';

/** A tenant the person belongs to at this moment, with what they may do there. */
export interface Belonging {
  readonly tenant: Tenant;
  readonly roleNames: readonly string[];
  readonly permissions: readonly string[];
  /** There is an invitation that would make it so: nothing of it is theirs before they say yes. */
  readonly invites?: { readonly role: Role; readonly by: string | null };
}

/** A trip to the upstream for more proof: `afresh` when the sign-in there is too old, `optional` when the person can go on without it. */
export interface ProofWanted {
  readonly demand: AssuranceDemand;
  readonly afresh: boolean;
  readonly optional: boolean;
}

/** The one next thing that has to happen. */
export type Step =
  | {
      readonly step: 'choose-connection';
      readonly notice: 'unreachable' | 'sign-in-cancelled' | null;
      /** Whose account the sign-in that is chosen is to be joined with. */
      readonly joins?: Person;
    }
  /** A page of ours asks on behalf of this connection. */
  | { readonly step: 'ask'; readonly connectionId: ConnectionId }
  | { readonly step: 'no-access' }
  | { readonly step: 'prove-more'; readonly tenantId: TenantId | null; readonly stage: StageAt<'consenting'>; readonly wanted: ProofWanted }
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
  /** Somebody who has proven enough is asked whether they take an invitation. */
  | {
      readonly step: 'invitation';
      readonly stage: StageAt<'consenting'>;
      readonly tenant: Tenant;
      readonly role: Role;
      readonly by: string | null;
    }
  /** Our own second factor: asked of whoever has one, made by whoever has none, and joined by a passkey where only that would do. */
  | ({
      readonly step: 'own-factor';
      readonly stage: StageAt<'consenting'>;
      readonly tenant: Tenant;
      /** The person can go on without it, only with less. */
      readonly isOptional: boolean;
    } & OwnAsk)
  | { readonly step: 'save-codes'; readonly stage: StageAt<'consenting'> }
  /** Two sign-ins of one person: whether they are joined, or why they cannot be. */
  | { readonly step: 'join'; readonly stage: StageAt<'consenting'>; readonly verdict: LinkVerdict }
  /** The person decided to join them, and it is not done yet. */
  | { readonly step: 'finish-join'; readonly stage: StageAt<'joining'> }
  | { readonly step: 'respond'; readonly stage: StageAt<'approved'> }
  | { readonly step: 'respond-denied' }
  | { readonly step: 'stopped' };

/** What a transaction is judged against. */
export interface Circumstances extends OwnFacts {
  readonly belongings: readonly Belonging[];
  readonly resource: Resource;
  /** Both halves, where two accounts are being joined. */
  readonly link?: LinkFacts;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const afresh = (lacks: readonly Lack[]): boolean => lacks.includes('recent sign-in');

/** What the sign-in would be with our own second factor on top. */
const withOurs = ({ person }: StageAt<'consenting'>, method: LocalMethod, now: number): Person => ({
  ...person,
  assurance: raise(person.assurance, method, now),
});

const isOffered = ({ ownSecondFactor }: Tenant, { isDeclined }: StageAt<'consenting'>): boolean =>
  ownSecondFactor === true && isDeclined !== true;

/** What is built on a session left open is not the person's: a trip that asks for the sign-in of just now. */
export const freshSignIn: ProofWanted = { demand: { ...noDemand, maxAge: enrolWithin }, afresh: true, optional: true };

/** Asks for our own second factor. Anything of it is made only on a fresh sign-in, which is asked for once. */
function ownFactor(
  stage: StageAt<'consenting'>,
  tenant: Tenant,
  help: LocalMethod,
  facts: Circumstances,
  isOptional: boolean,
): Step | null {
  const own = askOwn(stage.person, help, facts);
  if (own.ask === 'code' || isFresh(stage.person, facts.now)) return { step: 'own-factor', ...own, stage, tenant, isOptional };
  if (stage.person.afresh !== undefined) return null;
  return { step: 'prove-more', tenantId: tenant.id, stage, wanted: freshSignIn };
}

/** The sign-in does not open the tenant: more proof is asked for, once, and then our own if that would do. */
function proveMore({ request }: Transaction, stage: StageAt<'consenting'>, tenant: Tenant, found: Entry, facts: Circumstances): Step {
  const { demand, lacks } = found;
  const left = (method: LocalMethod) => entryTo(tenant, facts.resource, request, withOurs(stage, method, facts.now), facts.now);
  const isOurs = lacks.some((lack) => lack !== 'recent sign-in');
  const help = helpOf(isOffered(tenant, stage), facts, (method) => isOurs && left(method).lacks.length === 0);
  // Asked once and not proven, or the trip came to nothing: asking again by ourselves would go round in circles.
  if (stage.notice === 'unreachable') return { step: 'proof-unreachable', tenant };
  if (!includes(stage.person.asked, demand) && stage.notice !== 'step-up-cancelled')
    return { step: 'prove-more', tenantId: tenant.id, stage, wanted: { demand, afresh: afresh(lacks), optional: help !== null } };
  const ours = help === null ? null : ownFactor(stage, tenant, help, facts, false);
  if (ours !== null) return ours;
  if (help !== null) return { step: 'unproven', tenant, lacks: ['recent sign-in'], asker: found.asker };
  const most = left(facts.takesPasskeys === true ? 'passkey' : 'totp');
  const { lacks: said, asker } = isOffered(tenant, stage) && most.lacks.length > 0 ? most : found;
  return { step: 'unproven', tenant, lacks: said, asker };
}

/** The tenant is open; scopes that want more are asked for once, and what is not proven then is left out of what can be ticked. */
function offer({ request }: Transaction, stage: StageAt<'consenting'>, chosen: Belonging, facts: Circumstances, entry: Entry): Step {
  const { person } = stage;
  const permitted = permittedScope(facts.resource, request.scope, chosen.permissions);
  const judged = (assurance: Person['assurance']) => withheldScopes(facts.resource, permitted, assurance, facts.now, entry.demand);
  const { withheld, demand } = judged(person.assurance);
  const offered = permitted.filter((name) => !withheld.has(name));
  const lacks = [...new Set([...withheld.values()].flat())];
  if (lacks.length > 0 && !includes(person.asked, demand)) {
    const wanted = { demand, afresh: afresh(lacks), optional: true };
    return { step: 'prove-more', tenantId: chosen.tenant.id, stage, wanted };
  }
  const left = (method: LocalMethod) => judged(withOurs(stage, method, facts.now).assurance).withheld.size;
  const help = helpOf(isOffered(chosen.tenant, stage), facts, (method) => left(method) < withheld.size);
  const ours = help === null ? null : ownFactor(stage, chosen.tenant, help, facts, offered.length > 0);
  if (ours !== null) return ours;
  if (lacks.length > 0 && offered.length === 0) return { step: 'unproven', tenant: chosen.tenant, lacks, asker: 'resource' };
  if (chosen.invites !== undefined) return { step: 'invitation', stage, tenant: chosen.tenant, ...chosen.invites };
  return { step: 'consent', stage, chosen, offered, withheld };
}

function proveOrConsent(transaction: Transaction, stage: StageAt<'consenting'>, facts: Circumstances): Step {
  const { belongings } = facts;
  const entry = ({ tenant }: Belonging) => entryTo(tenant, facts.resource, transaction.request, stage.person, facts.now);
  const picked = belongings.find((belonging) => belonging.tenant.id === stage.tenantId);
  // Nobody is sent to prove more for a tenant they did not choose while another is open to them.
  const chosen = picked ?? belongings.find((belonging) => entry(belonging).lacks.length === 0) ?? belongings[0];
  if (chosen === undefined) return { step: 'no-access' };
  if (stage.isSaving === true) return { step: 'save-codes', stage };
  const found = entry(chosen);
  return found.lacks.length > 0
    ? proveMore(transaction, stage, chosen.tenant, found, facts)
    : offer(transaction, stage, chosen, facts, found);
}

/** Who is joining accounts and has the other sign-in still to come: now, or before a trip that brought nothing. */
export function awaitsOther(stage: Stage, now: number): StageAt<'consenting'> | null {
  const signedIn = stage.at === 'consenting' ? stage : 'previous' in stage ? stage.previous : null;
  return signedIn?.linking?.half === 'first' && isFresh(signedIn.person, now) ? signedIn : null;
}

/** Joining two accounts takes a fresh sign-in to each: the one that is there is made sure of before the other is asked for. */
function link(stage: StageAt<'consenting'>, { link: halves = { first: null, second: null }, now }: Circumstances): Step {
  const { person, linking } = stage;
  if (linking?.half === 'second') return { step: 'join', stage, verdict: judgeLink(linking.first, person, halves, now) };
  if (isFresh(person, now)) return { step: 'choose-connection', notice: null, joins: person };
  if (person.afresh === undefined) return { step: 'prove-more', tenantId: stage.tenantId, stage, wanted: freshSignIn };
  return { step: 'join', stage, verdict: { verdict: 'not-fresh', half: 'first' } };
}

/** Coming back from the upstream without an answer means choosing again. */
function chooseAgain(stage: Stage, now: number): Step {
  const joining = awaitsOther(stage, now);
  return { step: 'choose-connection', notice: null, ...(joining === null ? {} : { joins: joining.person }) };
}

/** The only place that knows what comes next; steps never route to one another. */
export function nextStep(transaction: Transaction, facts: Circumstances): Step {
  const { stage } = transaction;
  switch (stage.at) {
    case 'choosing':
      return { step: 'choose-connection', notice: stage.notice };
    case 'asking':
      return { step: 'ask', connectionId: stage.connectionId };
    case 'upstream':
    case 'judging':
      return chooseAgain(stage, facts.now);
    case 'consenting':
      return stage.linking === undefined ? proveOrConsent(transaction, stage, facts) : link(stage, facts);
    case 'joining':
      return { step: 'finish-join', stage };
    case 'approved':
      return { step: 'respond', stage };
    case 'denied':
      return { step: 'respond-denied' };
    case 'stopped':
      return { step: 'stopped' };
  }
}

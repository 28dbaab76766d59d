import type { Assurance } from './assurance.ts';
import type { AssuranceDemand } from './assurance-demand.ts';
import { includes, noDemand, shortfall, strictest } from './assurance-demand.ts';
import type { MethodNeeds } from './mcp-methods.ts';
import { hasOwners, lackedWays } from './ownership.ts';
import type { Ownership } from './ownership.ts';
import type { Resource, Role, ToolRule } from './resource.ts';
import { permittedScope } from './scope.ts';
import type { Standing } from './standing.ts';

/** A resource, and what somebody's roles allow. */
export interface Permitted {
  readonly resource: Resource;
  readonly standing: Pick<Standing, 'permissions'>;
}

/** What a request is measured against. */
export interface Caller {
  readonly resource: Resource;
  readonly standing: Standing;
  /** The outcome of `effectiveScopes`. */
  readonly scope: readonly string[];
  /** When it is measured, in ms since the epoch. */
  readonly now: number;
}

/** May this be done now? `rule` names what decided, for the audit. */
export type AccessDecision =
  /** `ownership` of a tool that some may only use on what is theirs. */
  | { readonly verdict: 'allowed'; readonly rule: string; readonly ownership?: Ownership }
  | { readonly verdict: 'unknown tool'; readonly rule: string }
  /** No scope helps: the person's role lacks something whichever way there is, all of it for one of them. */
  | { readonly verdict: 'role'; readonly rule: string; readonly lacks: readonly (readonly string[])[] }
  /** Another consent helps: `needed` is all the operation asks for. */
  | { readonly verdict: 'scope'; readonly rule: string; readonly needed: readonly string[]; readonly missing: readonly string[] }
  /** Another sign-in helps, provided it proves `demand`. */
  | { readonly verdict: 'assurance'; readonly rule: string; readonly demand: AssuranceDemand; readonly needed: readonly string[] };

/** A token's scopes as far as the person still approves of them and their roles still allow them. */
export function effectiveScopes(resource: Resource, standing: Standing, tokenScope: readonly string[]): string[] {
  const approved = tokenScope.filter((name) => standing.scope.includes(name));
  return permittedScope(resource, approved, standing.permissions);
}

export function decide(caller: Caller, needs: MethodNeeds, tool: string | null): AccessDecision {
  if (needs === 'nothing') return { verdict: 'allowed', rule: 'any living grant' };
  if (needs === 'baseline') return judge(caller, { scopes: readingScopes(caller.resource), permissions: [] }, 'reading');
  const rule = tool === null ? undefined : caller.resource.tools.get(tool);
  if (tool === null || rule === undefined) return { verdict: 'unknown tool', rule: 'no rule for this tool' };
  return judge(caller, rule, `tool ${tool}`);
}

/** The part of the baseline that only looks, or all of it where nothing only looks: what prompts, resources and subscriptions ask for. */
function readingScopes({ baseline, scopes }: Resource): readonly string[] {
  const reading = baseline.filter((name) => scopes.some((scope) => scope.name === name && !scope.changes));
  return reading.length > 0 ? reading : baseline;
}

function judge(caller: Caller, rule: ToolRule, label: string): AccessDecision {
  const ways = waysTo(caller, rule);
  const [way] = ways.filter(({ lacks }) => lacks.length === 0);
  if (way === undefined) {
    const lacks = ways.map((each) => each.lacks);
    return { verdict: 'role', rule: `${label}: lacks permission ${lacks.map((each) => each.join(' ')).join(', or ')}`, lacks };
  }
  const missing = rule.scopes.filter((name) => !caller.scope.includes(name));
  if (missing.length > 0) return { verdict: 'scope', rule: `${label}: lacks scope ${missing.join(' ')}`, needed: rule.scopes, missing };
  const demand = strictest(caller.standing.demand, rule.demand, ...demandsOf(caller.resource, rule.scopes));
  const lacks = shortfall(caller.standing.assurance, demand, caller.now);
  if (lacks.length > 0) return { verdict: 'assurance', rule: `${label}: lacks ${lacks.join(', ')}`, demand, needed: rule.scopes };
  const proof = includes(noDemand, demand) ? '' : `; sign-in ${proofOf(caller.standing.assurance)}`;
  const { ownership } = way;
  const by = ownership === 'own' ? `${rule.ownPermissions?.join(' ') ?? ''}, on what is theirs` : rule.permissions.join(' ');
  const allowed = { verdict: 'allowed', rule: `${label}: scope ${rule.scopes.join(' ')}; permission ${by}${proof}` } as const;
  return hasOwners(rule) ? { ...allowed, ownership } : allowed;
}

/** Whether what was allowed is still: not to whoever could use the tool on anything, and now only on what is theirs. */
export function stillAllows(before: AccessDecision, now: AccessDecision): boolean {
  if (before.verdict !== 'allowed' || now.verdict !== 'allowed') return false;
  return now.ownership !== 'own' || before.ownership === 'own';
}

/** What met a demand, in words for the audit. */
const proofOf = ({ evidence, auth_time }: Assurance) => [...evidence, ...(auth_time === null ? [] : [`auth_time=${auth_time}`])].join(', ');

const demandsOf = ({ scopes }: Resource, names: readonly string[]) =>
  scopes.filter(({ name }) => names.includes(name)).map(({ demand }) => demand);

interface Way {
  readonly ownership: Ownership;
  readonly lacks: readonly string[];
}

/** What the role lacks for a rule, by each way to it: the rule's own permissions and those behind its scopes, which no consent can give. */
function waysTo({ resource, standing }: Permitted, rule: ToolRule): Way[] {
  const behind = rule.scopes.flatMap((name) => missingForScope({ resource, standing }, name));
  return lackedWays(rule, standing.permissions).map(([ownership, lacked]) => ({ ownership, lacks: [...new Set([...lacked, ...behind])] }));
}

function missingForScope({ resource, standing }: Permitted, name: string): string[] {
  const scope = resource.scopes.find((candidate) => candidate.name === name);
  // A scope the resource does not define can be given by nobody.
  if (scope === undefined) return [`scope:${name}`];
  return scope.permissions.filter((permission) => !standing.permissions.includes(permission));
}

/**
 * Whether a tool is shown in the list: the person's role allows it, whatever scopes this client has so far. A tool that only lacks a scope stays
 * visible, because calling it is how the client comes to ask for that scope; a tool the role can never use is not shown.
 */
export const isListed = (caller: Permitted, tool: string): boolean => ownershipOf(caller, tool) !== null;

/** On what somebody's role lets them use a tool; null where it does not at all. */
export function ownershipOf(caller: Permitted, tool: string): Ownership | null {
  const rule = caller.resource.tools.get(tool);
  return (rule === undefined ? [] : waysTo(caller, rule)).find(({ lacks }) => lacks.length === 0)?.ownership ?? null;
}

/** Names of the roles that hold every one of these permissions beside what the person has already. */
export function rolesHolding(roles: readonly Role[], standing: Standing, permissions: readonly string[]): string[] {
  const held = new Set(standing.permissions);
  return roles
    .filter((role) => permissions.every((permission) => held.has(permission) || role.permissions.includes(permission)))
    .map((role) => role.name);
}

/** The scopes a step-up challenge names. Clients of 2026-07-28 add them to what they have; older ones replace, so theirs are repeated. */
export function challengedScopes(caller: Caller, needed: readonly string[], addsUp: boolean): string[] {
  return addsUp ? [...needed] : [...new Set([...caller.scope, ...needed])];
}

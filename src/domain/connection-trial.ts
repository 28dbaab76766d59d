import type { Lack } from './assurance-demand.ts';
import { shortfall, strictest } from './assurance-demand.ts';
import { listed } from './connection-check.ts';
import type { TestOutcome } from './connection-test.ts';
import type { Directory } from './directory.ts';
import type { Finding } from './finding.ts';
import { bad, good } from './finding.ts';
import type { ConnectionId } from './ids.ts';
import { goesByGroup } from './mapping-rule.ts';
import { mapRoles } from './role-mapping.ts';
import type { ToldBeforehand } from './trial-provisioning.ts';
import { groupsThatCount, provisioningFinding, pushedFinding } from './trial-provisioning.ts';

/** What somebody who signed in like this would get in one tenant. */
export interface Place {
  readonly tenant: string;
  readonly roles: readonly string[];
  /** Why each role would be given. */
  readonly rules: readonly string[];
  /** What the tenant wants proven and the sign-in did not prove. */
  readonly lacks: readonly Lack[];
}

export type Somebody = Extract<TestOutcome, { came: 'somebody' }>;

/** What a tried sign-in is judged by. */
export interface TrialSetting {
  readonly directory: Directory;
  /** Null at a connection that tells of nobody beforehand. */
  readonly told: ToldBeforehand | null;
  readonly now: number;
}

const isKeptOut = (told: ToldBeforehand | null): boolean => told !== null && told.groups === null;

/** What the rules would give, as they are now: as at a real sign-in nobody is let in whose groups are not known. */
export function placesFor(
  { subject, groups: arrived, claims, assurance }: Somebody,
  connectionId: ConnectionId,
  { directory, told, now }: TrialSetting,
): Place[] {
  const groups = groupsThatCount(arrived, told);
  if (groups === null || isKeptOut(told)) return [];
  return directory.tenants.flatMap((tenant) => {
    const held = mapRoles(tenant, { connectionId, subject, groups, claims }, [], now);
    if (held.length === 0) return [];
    const roles = held.map(({ role }) => directory.roles.find(({ id }) => id === role)?.name ?? role);
    return [{ tenant: tenant.name, roles, rules: held.map(({ rule }) => rule), lacks: shortfall(assurance, tenant.demand, now) }];
  });
}

function whoFinding({ name, email }: Somebody): Finding {
  const missing = [...(name === null ? ['name'] : []), ...(email === null ? ['e-mail address'] : [])];
  if (missing.length === 0) return good('We know who signed in', 'A name, an e-mail address and a permanent identifier arrived.');
  const todo =
    'Have it send them, and check claims.name and claims.email of the connection. People are recognised by the identifier alone.';
  return {
    result: 'warning',
    title: 'We know too little to show',
    says: `A permanent identifier arrived, and no usable ${listed(missing)}.`,
    todo,
  };
}

/** Why its directory did not tell the groups it was asked for; null when it was not asked, or told. */
const lookupFailure = ({ received }: Somebody): string | null =>
  received.find(({ from }) => from === 'group lookup')?.claims.find(({ name }) => name === 'failed')?.text ?? null;

function groupsFinding(
  somebody: Somebody,
  places: readonly Place[],
  { hasRules, pushed }: { hasRules: boolean; pushed: readonly string[] },
): Finding {
  const { groups } = somebody;
  if (pushed.length > 0) return pushedFinding(groups, pushed);
  const failure = lookupFailure(somebody);
  if (failure !== null) {
    const says = `Its directory was asked for the groups and did not tell them all: ${failure}. Unknown is not none, so everybody would be refused.`;
    const todo = 'Give the permission that groupLookup asks for, as docs/assurance.md has it for this kind, and test again.';
    return { result: 'problem', title: 'The groups are unknown', says, todo };
  }
  if (groups === null) {
    const says =
      'No complete list of groups arrived where the connection looks for it. Unknown is not none, so everybody would be refused.';
    const todo =
      'Have it send the groups, or set claims.groups to where they are. Some providers leave the list out when it is long; groupLookup, where its kind has one, asks for it.';
    return { result: 'problem', title: 'The groups are unknown', says, todo };
  }
  if (groups.length > 0)
    return good(groups.length === 1 ? 'One group arrived' : `${groups.length} groups arrived`, 'They are listed below.');
  if (!hasRules || places.length > 0) return good('No groups arrived', 'No access depends on them here.');
  const todo = 'Have it send the groups of this person, and set claims.groups to where they are; then test again.';
  return { result: 'problem', title: 'No groups arrived', says: 'Access rules go by groups, so none of them fits this person.', todo };
}

/** Whoever wants more proven than was: the workspaces this person would enter, and what everybody has to prove for a server. */
function askingForMore({ assurance }: Somebody, places: readonly Place[], { resources }: Directory, now: number) {
  const servers = resources.map(({ name, demand }) => ({ name, lacks: shortfall(assurance, strictest(demand), now) }));
  return [...places.map(({ tenant, lacks }) => ({ name: tenant, lacks })), ...servers].filter(({ lacks }) => lacks.length > 0);
}

function proofFinding({ assurance }: Somebody, short: ReturnType<typeof askingForMore>): Finding {
  const { mfa, evidence } = assurance;
  const proven = mfa ? `Proven by ${listed(evidence)}.` : 'Nothing that arrived counts as proof of a second step.';
  if (short.length === 0)
    return good(mfa ? 'A second step was proven' : 'No second step was proven', mfa ? proven : `${proven} Nobody asks for one here.`);
  const wanted = listed([...new Set(short.flatMap(({ lacks }) => lacks))]);
  const names = listed(short.map(({ name }) => name));
  const todo =
    'Use a second step in the test; if you did, say under mfa of the connection what proves it. docs/assurance.md has what each kind can prove.';
  return { result: 'problem', title: 'The sign-in proved too little', says: `${names} asks for: ${wanted}. ${proven}`, todo };
}

function accessFinding(places: readonly Place[], told: ToldBeforehand | null): Finding {
  if (isKeptOut(told)) {
    const says = 'Provisioning keeps them out, whatever the rules would give.';
    return bad('This person would get no access', says, 'First have them provisioned and active.');
  }
  if (places.length === 0) {
    const todo = 'Compare the groups below with the rules: names are compared exactly. Or name the person under members.';
    return {
      result: 'problem',
      title: 'This person would get no access',
      says: 'No rule fits, nobody named them, and there is no default role.',
      todo,
    };
  }
  const open = places.filter(({ lacks }) => lacks.length === 0);
  const names = listed((open.length > 0 ? open : places).map(({ tenant }) => tenant));
  if (open.length === 0) {
    const says = `The rules fit for ${names}, which would still be closed: the sign-in proved too little.`;
    return { result: 'problem', title: 'This person would not get in yet', says, todo: 'First have the sign-in prove what is asked for.' };
  }
  return good('This person would get access', `They would work in ${names}.`);
}

/** What a sign-in that came through would mean. */
export function findingsOf(somebody: Somebody, places: readonly Place[], { directory, told, now }: TrialSetting): Finding[] {
  const hasRules = directory.tenants.some(({ rules }) => rules.some(goesByGroup));
  return [
    good('It sends people back to us', 'Our return address was accepted.'),
    good('Its answer passed every check', 'Signature, sender, time and purpose are as they have to be.'),
    whoFinding(somebody),
    ...(told === null ? [] : [provisioningFinding(told)]),
    groupsFinding(somebody, places, { hasRules, pushed: told?.groups ?? [] }),
    proofFinding(somebody, askingForMore(somebody, places, directory, now)),
    accessFinding(places, told),
  ];
}

const inTheLog = 'The log has the reason, under the time of this test.';

const refusals = {
  cancelled: bad(
    'The sign-in was not finished',
    'It was cancelled there, or this account may not use the application.',
    'Assign the account to the application there, or sign in to the end.',
  ),
  unreachable: bad(
    'It gave no usable answer',
    'It could not be reached, or answered that it cannot help at the moment.',
    `Try again. ${inTheLog}`,
  ),
  untrustworthy: bad(
    'Its answer did not pass our checks',
    'An answer came, and we cannot be sure who it is about.',
    `${inTheLog} Nobody can sign in like this.`,
  ),
  misconfigured: bad(
    'It does not take us as its application',
    'It refused our id, our secret or key, or our return address.',
    `Compare them with its console. ${inTheLog}`,
  ),
  foreign: bad(
    'The account is of another organisation',
    'The answer is genuine, and this connection is not for that account.',
    'Sign in with an account of the organisation, or widen what the connection allows.',
  ),
} as const;

/** The one finding of a test in which nobody arrived. */
export function findingOfFailure(outcome: Exclude<TestOutcome, Somebody>): Finding {
  switch (outcome.came) {
    case 'refusal':
      return refusals[outcome.refusal];
    case 'question': {
      const says = 'This connection asks people on pages of ours, which a test does not do.';
      return { result: 'not-run', title: 'Not tested further', says, todo: 'Sign in once for real.' };
    }
    case 'other-browser':
      return bad(
        'The answer came to another browser',
        'A sign-in is finished where it began, so the test was ended.',
        'Make a new link and stay in one browser.',
      );
  }
}

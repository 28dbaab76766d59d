import type { Entry, Subject } from './acknowledgements.ts';
import { shown } from './acknowledgements.ts';
import { conduct } from './conduct.ts';
import type { Evidence } from './evidence.ts';
import { stalenessMs } from './evidence.ts';
import { records } from './records.ts';

/** One promise that holds whatever broke: every sentence it answers names what contradicts it. */
export type Invariant = (evidence: Evidence) => readonly string[];

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string | undefined): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}

/** Groups whose good answers were not all the same. */
function differing(entries: readonly Entry[], keyOf: (entry: Entry) => string | undefined, said: (given: Subject) => unknown): Entry[][] {
  const groups = [...groupBy(entries, keyOf).values()];
  return groups.filter((group) => new Set(group.map(({ given }) => JSON.stringify(said(given)))).size > 1);
}

/** A code brings one set of tokens, a refresh token one successor whoever shows it, a state one answer. */
const once: Invariant = ({ entries }) => {
  const honoured = (kind: Entry['kind']) => entries.filter((entry) => entry.kind === kind && entry.isHonoured);
  const presented = ({ about }: Entry) => about.presented;
  const answers = entries.filter(({ given }) => given.state !== undefined);
  const told = (what: string) => (group: Entry[]) => `${what}: ${group.map(shown).join(', ')}`;
  return [
    ...differing(honoured('exchange'), presented, ({ access, refresh }) => [access, refresh]).map(told('one code, several sets of tokens')),
    ...differing(honoured('refresh'), presented, ({ refresh }) => refresh).map(told('one refresh token, several successors')),
    ...differing(
      answers,
      ({ given }) => given.state,
      ({ code }) => code,
    ).map(told('one state, several answers')),
  ];
};

const isUse = ({ kind }: Entry) => kind === 'exchange' || kind === 'refresh' || kind === 'tool';

/** Instances that were never asked whether they refuse a grant. */
function unprobed({ entries, instances }: Evidence, grant: string): string[] {
  const asked = new Set(
    entries.filter(({ isProbe, about, status }) => isProbe && about.grant === grant && status !== null).map((e) => e.instance),
  );
  return instances.filter((name) => !asked.has(name)).map((name) => `grant ${grant} was not tried at ${name}, so nothing is known`);
}

/** What the client was told is revoked is refused: at once where it can only be asked of the store, elsewhere when the news is there. */
const revoked: Invariant = (evidence) => {
  const { entries } = evidence;
  const told = entries.filter(({ kind, isHonoured, about }) => kind === 'revoke' && isHonoured && about.grant !== undefined);
  return [...groupBy(told, ({ about }) => about.grant)].flatMap(([grant, [first]]) => {
    const at = first?.endedAt ?? Number.POSITIVE_INFINITY;
    const late = (entry: Entry) => entry.sentAt > at + (entry.kind === 'tool' ? stalenessMs : 0);
    const wrong = entries.filter((entry) => isUse(entry) && entry.isHonoured && entry.about.grant === grant && late(entry));
    const hasTokens = entries.some(({ given }) => given.grant === grant && given.access !== undefined);
    return [
      ...wrong.map((entry) => `grant ${grant} was revoked by #${first?.number}, and then ${shown(entry)}`),
      ...(hasTokens ? unprobed(evidence, grant) : []),
    ];
  });
};

/** No token works whose grant is ended, was never redeemed or is not there. */
const anchored: Invariant = (evidence) => {
  const { entries, grants, readAt } = evidence;
  const known = new Set(entries.flatMap(({ given }) => (given.access === undefined ? [] : [given.grant ?? ''])));
  return [...known].flatMap((grant) => {
    const stage = grants.get(grant)?.stage ?? 'absent';
    if (stage === 'live') return [];
    const wrong = entries.filter(
      (entry) =>
        isUse(entry) &&
        entry.isHonoured &&
        entry.about.grant === grant &&
        entry.sentAt > readAt + (entry.kind === 'tool' ? stalenessMs : 0),
    );
    return [...wrong.map((entry) => `grant ${grant} is ${stage}, and ${shown(entry)}`), ...unprobed(evidence, grant)];
  });
};

/** While nobody could read the store, nothing was allowed that depends on it. */
const closed: Invariant = ({ entries, outages }) =>
  outages.flatMap(({ from, to }) =>
    entries
      .filter((entry) => entry.isHonoured && (isUse(entry) || entry.kind === 'revoke'))
      .filter((entry) => entry.sentAt > from && (entry.endedAt ?? Number.POSITIVE_INFINITY) < to)
      .map((entry) => `the store could not be read, and ${shown(entry)}`),
  );

export const invariants: Readonly<Record<string, Invariant>> = {
  'I1 nothing is honoured twice': once,
  'I2 what is revoked is refused everywhere': revoked,
  'I3 no token outlives its grant': anchored,
  'I4 what was answered is on record, and what is on record was done': records.onRecord,
  'I5 nobody is there twice': records.nobodyTwice,
  'I6 nothing is allowed without the store': closed,
  'I7 somebody can sign in again': conduct.recovers,
  'I8 nothing is held on to': conduct.letsGo,
  'I9 no secret is in a log': conduct.keepsSecrets,
  'I10 every request ends in time': conduct.ends,
};

/** Everything that contradicts an invariant, each sentence after the invariant's name. */
export function violations(evidence: Evidence): string[] {
  return Object.entries(invariants).flatMap(([name, invariant]) => invariant(evidence).map((sentence) => `${name}: ${sentence}`));
}

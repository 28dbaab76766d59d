import type { AccessDifference } from '../domain/access-difference.ts';
import { changeWords, differenceSentence } from '../domain/difference-sentence.ts';
import type { Revision } from '../domain/policy.ts';
import type { Difference } from '../domain/policy-differences.ts';
import type { ChangedPerson } from '../domain/policy-comparison.ts';
import type { Plan } from '../flows/steps/plan-policy.ts';
import type { PolicyPreview, Shown } from '../flows/steps/preview-policy.ts';

const moment = (at: number): string => new Date(at).toISOString();

/** `3, applied by ana at …: why`. */
export function revisionSentence({ number, at, source, by, note }: Revision): string {
  const who = by === null ? '' : ` by ${by}`;
  return `${number} (${source}${who} at ${moment(at)}${note === '' ? '' : `: ${note}`})`;
}

const marked = (sign: string, names: readonly string[]): string[] => names.map((name) => `${sign}${name}`);

function changeText({ roles, tools, onOthers }: AccessDifference): string {
  const named = ({ resource, name }: { resource: string; name: string }) => `${resource}/${name}`;
  const others = (offer: { resource: string; name: string }) => `${named(offer)} on what is others’`;
  return [
    ...marked('+', roles.gained),
    ...marked('−', roles.lost),
    ...marked('+', tools.gained.map(named)),
    ...marked('−', tools.lost.map(named)),
    ...marked('+', onOthers.gained.map(others)),
    ...marked('−', onOthers.lost.map(others)),
  ].join(' ');
}

function personLines(person: ChangedPerson, shown: Shown | undefined): string[] {
  const who = [shown?.name, shown?.email, person.userId].filter((part) => part !== null && part !== undefined).join(' ');
  return [`    ${who}`, ...person.tenants.map(({ tenantId, difference }) => `      ${tenantId}: ${changeText(difference)}`)];
}

function peopleLines({ examples, counts, shown }: PolicyPreview): string[] {
  return examples.flatMap(({ change, people }) => {
    if (people.length === 0) return [];
    const more = counts[change] - people.length;
    return [
      `  ${changeWords(change, counts[change])}:`,
      ...people.flatMap((person) => personLines(person, shown.get(person.userId))),
      ...(more > 0 ? [`    and ${more} more`] : []),
    ];
  });
}

function differenceLines(differences: readonly Difference[]): string[] {
  const things = [...new Set(differences.map(({ of }) => of))];
  return things.flatMap((of) => {
    const its = differences.filter((each) => each.of === of);
    const [first] = its;
    if (first?.kind !== 'changed') return [`${of} is ${first?.kind ?? ''}: ${first?.says ?? ''}`];
    return [of, ...its.map(({ says }) => `  ${says}`)];
  });
}

export const losersText = (losing: number): string => (losing === 1 ? '1 person loses' : `${losing} people lose`);

/** A plan in terms of people and tools. */
export function planText({ inForce, differences, preview }: Plan): string {
  const { people, unheard, unknown, cut, leavesWithoutAdministrator } = preview;
  const lines = [`In force: revision ${revisionSentence(inForce)}`, ''];
  if (differences.length === 0) return [...lines, 'Nothing would change.'].join('\n');
  const apps = `${cut.isAll ? '' : 'at least '}${cut.grants} ${cut.grants === 1 ? 'app is' : 'apps are'}`;
  return [
    ...lines,
    ...differenceLines(differences),
    '',
    `People: ${differenceSentence(preview)} (${people} looked at, by what their identity provider last said)`,
    ...peopleLines(preview),
    ...(cut.grants > 0 ? [`${apps} cut off.`] : []),
    ...(unknown > 0
      ? [
          `Of ${unknown} something is not known yet that the new rules ask for: they get nothing by it, and are denied by it, until they sign in again.`,
        ]
      : []),
    ...(unheard > 0 ? [`Of ${unheard} nothing is known until they sign in again: no rule changes anything for them.`] : []),
    ...leavesWithoutAdministrator.map((tenant) => `The tenant ${tenant} would be left without an administrator.`),
    `${losersText(preview.losing)} something.`,
  ].join('\n');
}

export const planJson = ({ inForce, differences, preview }: Plan) => ({
  revision: inForce.number,
  differences,
  people: preview.people,
  counts: preview.counts,
  losing: preview.losing,
  cut: preview.cut,
  unknown: preview.unknown,
  unheard: preview.unheard,
  leavesWithoutAdministrator: preview.leavesWithoutAdministrator,
  examples: preview.examples.map(({ change, people }) => ({
    change,
    people: people.map((person) => ({ ...person, ...preview.shown.get(person.userId) })),
  })),
});

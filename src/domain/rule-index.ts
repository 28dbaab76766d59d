import { globOf, isGlob } from './glob.ts';
import type { PreparedRule, SaidOfSomebody } from './mapping-rule.ts';
import { remembering } from './remembering.ts';

/** The entries by what names them; one may have several names. */
export function grouped<Entry>(
  entries: readonly Entry[],
  namesOf: (entry: Entry) => readonly string[],
): ReadonlyMap<string, readonly Entry[]> {
  const byName = new Map<string, Entry[]>();
  for (const entry of entries) {
    for (const name of namesOf(entry)) {
      const others = byName.get(name);
      if (others === undefined) byName.set(name, [entry]);
      else others.push(entry);
    }
  }
  return byName;
}

type Finder = (text: string) => readonly PreparedRule[];

/** Finds the rules with a pattern that a text fits; the globs are tried once for each of the texts that keep coming back. */
function finder(rules: readonly PreparedRule[], patternsOf: (rule: PreparedRule) => readonly string[]): Finder {
  const exact = grouped(rules, (rule) => patternsOf(rule).filter((pattern) => !isGlob(pattern)));
  const globs = rules.flatMap((rule) =>
    patternsOf(rule)
      .filter(isGlob)
      .map((pattern) => ({ rule, fits: globOf(pattern) })),
  );
  if (globs.length === 0) return (text) => exact.get(text) ?? [];
  return remembering((text) => [...(exact.get(text) ?? []), ...globs.filter(({ fits }) => fits(text)).map(({ rule }) => rule)]);
}

const denying = ({ rule }: PreparedRule) => rule.deny !== undefined;

/**
 * Finds the rules that may do something to somebody: those that speak of one of their groups or, without a group, of what their first
 * condition is about; and of what is not known, those that deny. Each once, in their order.
 */
export function indexRules(rules: readonly PreparedRule[]): (said: SaidOfSomebody) => readonly PreparedRule[] {
  const byGroup = rules.filter(({ rule }) => rule.group !== undefined);
  const ofGroup = finder(byGroup, ({ rule }) => [rule.group ?? '']);
  const led = grouped(
    rules.filter(({ rule }) => rule.group === undefined),
    ({ where: [first] }) => (first === undefined ? [] : [first.claim]),
  );
  const byClaim = [...led].map(([claim, ofClaim]) => ({
    claim,
    ofValue: finder(ofClaim, ({ where: [first] }) => first?.is ?? []),
    denying: ofClaim.filter(denying),
  }));
  const denyingByGroup = byGroup.filter(denying);
  return ({ groups, claims }) => {
    const found: PreparedRule[] = [];
    if (groups === null) found.push(...denyingByGroup);
    else for (const group of groups) for (const rule of ofGroup(group)) found.push(rule);
    for (const { claim, ofValue, denying: closed } of byClaim) {
      const values = claims[claim];
      if (values === undefined) found.push(...closed);
      else for (const value of values) for (const rule of ofValue(value)) found.push(rule);
    }
    if (found.length < 2) return found;
    found.sort((a, b) => a.number - b.number);
    return found.filter((rule, index) => rule !== found[index - 1]);
  };
}

import { isGlob } from './glob.ts';
import type { PreparedRule } from './mapping-rule.ts';

/** The entries by what names them. */
export function grouped<Entry>(entries: readonly Entry[], nameOf: (entry: Entry) => string): ReadonlyMap<string, readonly Entry[]> {
  const byName = new Map<string, Entry[]>();
  for (const entry of entries) {
    const name = nameOf(entry);
    const others = byName.get(name);
    if (others === undefined) byName.set(name, [entry]);
    else others.push(entry);
  }
  return byName;
}

/** For how many names of groups it is remembered which rules speak of them. */
const mostRemembered = 4000;

/** Finds the rules that speak of a group; the globs are tried once for each of the names that keep coming back. */
export function indexRules(rules: readonly PreparedRule[]): (group: string) => readonly PreparedRule[] {
  const exact = grouped(
    rules.filter(({ rule: { group } }) => group !== undefined && !isGlob(group)),
    ({ rule: { group = '' } }) => group,
  );
  const globs = rules.filter(({ rule: { group } }) => group !== undefined && isGlob(group));
  const remembered = new Map<string, readonly PreparedRule[]>();
  return (group) => {
    const known = remembered.get(group);
    if (known !== undefined) return known;
    const found = [...(exact.get(group) ?? []), ...globs.filter(({ fitsGroup }) => fitsGroup?.(group) === true)];
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(group, found);
    return found;
  };
}

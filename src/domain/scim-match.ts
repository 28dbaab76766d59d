import type { ScimFilter, ScimPath, ScimValue } from './scim-filter.ts';

type Entry = Readonly<Record<string, unknown>>;

const isEntry = (value: unknown): value is Entry => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The member of that name, whatever its case; names never reach what an object inherits. RFC 7643 §2.1. */
function member(entry: Entry, name: string): unknown {
  const key = Object.keys(entry).find((candidate) => candidate.toLowerCase() === name);
  return key === undefined ? undefined : entry[key];
}

/** Every value that a path leads to; a list of objects is meant by their `value`. RFC 7644 §3.4.2.2. */
function valuesAt(entry: Entry, { attribute, sub }: ScimPath): unknown[] {
  const found = member(entry, attribute);
  const each: unknown[] = Array.isArray(found) ? found : [found];
  return each.map((value) => (isEntry(value) ? member(value, sub ?? 'value') : value)).filter((value) => value !== undefined);
}

/** What is compared to the letter; everything else is text that people write. RFC 7643 §3.1, §4.1. */
const exact: ReadonlySet<string> = new Set(['id', 'externalid']);

function isSame(found: unknown, wanted: ScimValue, isExact: boolean): boolean {
  if (typeof found === 'boolean') return String(found) === String(wanted).toLowerCase();
  if (typeof found !== 'string' || typeof wanted !== 'string') return found === wanted;
  return isExact ? found === wanted : folded(found) === folded(wanted);
}

/** A text as it is compared when case does not count. */
export const folded = (text: string): string => text.normalize('NFC').toLowerCase();

/** Whether a resource, as it would be answered, fulfils a filter. */
export function matches(filter: ScimFilter, entry: Entry): boolean {
  switch (filter.is) {
    case 'eq': {
      const isExact = exact.has(filter.path.attribute);
      return valuesAt(entry, filter.path).some((found) => isSame(found, filter.value, isExact));
    }
    case 'pr':
      return valuesAt(entry, filter.path).some((found) => found !== null && found !== '');
    case 'and':
      return filter.of.every((each) => matches(each, entry));
    case 'or':
      return filter.of.some((each) => matches(each, entry));
    case 'some': {
      const found = member(entry, filter.attribute);
      return Array.isArray(found) && found.filter(isEntry).some((each) => matches(filter.of, each));
    }
  }
}

/** The text that a filter demands of an attribute of its own, so that one row can be asked for instead of all. */
export function demanded(filter: ScimFilter, attribute: string): string | null {
  if (filter.is === 'and') return filter.of.map((each) => demanded(each, attribute)).find((text) => text !== null) ?? null;
  if (filter.is === 'some' && filter.attribute === attribute) return demanded(filter.of, 'value');
  if (filter.is !== 'eq' || typeof filter.value !== 'string' || filter.path.attribute !== attribute) return null;
  return filter.path.sub === null || (attribute === 'members' && filter.path.sub === 'value') ? filter.value : null;
}

/** What the filter of a path says that an entry has to be: with it a missing entry is made. */
export function entryOf(filter: ScimFilter): Readonly<Record<string, ScimValue>> {
  if (filter.is === 'eq' && filter.path.sub === null) return { [filter.path.attribute]: filter.value };
  return filter.is === 'and' ? Object.fromEntries(filter.of.flatMap((each) => Object.entries(entryOf(each)))) : {};
}

/** Whether a filter says anything of an attribute. */
export function mentions(filter: ScimFilter, attribute: string): boolean {
  switch (filter.is) {
    case 'and':
    case 'or':
      return filter.of.some((each) => mentions(each, attribute));
    case 'some':
      return filter.attribute === attribute;
    case 'eq':
    case 'pr':
      return filter.path.attribute === attribute;
  }
}

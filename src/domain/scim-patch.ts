import { z } from 'zod';
import { attributeName, isCoreSchema } from './scim-attributes.ts';
import type { ScimAttribute, ScimTable } from './scim-attributes.ts';
import type { ScimTarget } from './scim-filter.ts';
import { parseTarget } from './scim-filter.ts';
import { entryOf, matches } from './scim-match.ts';
import { badRequest, ScimRefusal } from './scim-refusal.ts';

export type ScimDocument = Readonly<Record<string, unknown>>;

type Op = 'add' | 'replace' | 'remove';

/** One change of one attribute, whichever of the spellings it came in. */
export interface ScimChange {
  readonly op: Op;
  readonly attribute: ScimAttribute;
  readonly target: ScimTarget;
  readonly value: unknown;
}

const mostOperations = 1000;

/** RFC 7644 §3.5.2; Entra writes `Add`, `Replace` and `Remove`. */
const Operation = z.object({
  op: z
    .string()
    .transform((op) => op.toLowerCase())
    .pipe(z.enum(['add', 'replace', 'remove'])),
  path: z.string().nullish(),
  value: z.unknown().optional(),
});

/** Members of the message are found whatever their case. RFC 7643 §2.1. */
const withoutCase = (value: unknown): unknown =>
  isEntry(value) ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name.toLowerCase(), each])) : value;

const PatchRequest = z.preprocess(withoutCase, z.object({ operations: z.array(z.preprocess(withoutCase, Operation)).max(mostOperations) }));

const isEntry = (value: unknown): value is ScimDocument => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every change that a PATCH asks for, in its order; what concerns nothing we keep is left out. */
export function readPatch(body: unknown, table: ScimTable): ScimChange[] {
  const { data } = PatchRequest.safeParse(body);
  if (data === undefined) throw badRequest('invalidSyntax', `A PATCH is a list of at most ${mostOperations} Operations.`);
  return data.operations.flatMap(({ op, path, value }) => {
    if (path === undefined || path === null || path === '') return withoutPath(op, value, table);
    const target = parseTarget(path);
    const attribute = table.get(target.attribute);
    if (attribute?.kind === 'ours') throw badRequest('mutability', 'Nobody but this service writes that attribute.');
    return attribute === undefined ? [] : [{ op, attribute, target, value }];
  });
}

/** An object of attributes, each by its name, its dotted path, or a path with a filter. */
function withoutPath(op: Op, value: unknown, table: ScimTable): ScimChange[] {
  if (op === 'remove') throw badRequest('noTarget', 'What is to be removed has to be named by a path.');
  if (!isEntry(value)) throw badRequest('invalidValue', 'Without a path the value has to be an object of attributes.');
  return Object.entries(value).flatMap(([name, each]) => {
    if (isCoreSchema(name)) return withoutPath(op, each, table);
    const target = targetOf(name);
    const attribute = target === null ? undefined : table.get(target.attribute);
    // Okta repeats the id of what it changes.
    return target === null || attribute === undefined || attribute.kind === 'ours' ? [] : [{ op, attribute, target, value: each }];
  });
}

function targetOf(name: string): ScimTarget | null {
  try {
    return parseTarget(name);
  } catch (error) {
    if (error instanceof ScimRefusal) return null;
    throw error;
  }
}

/** A text or truth that came as a list of one, as older directories write it. */
const single = (value: unknown): unknown => (Array.isArray(value) && value.length === 1 && isEntry(value[0]) ? value[0]['value'] : value);

/** True or false, also as text; anything else is refused, or somebody would stay active by it. */
export function truthOf(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.trim().toLowerCase() : null;
  if (text === 'true' || text === 'false') return text === 'true';
  throw badRequest('invalidValue', 'It has to be true or false.');
}

/** The parts of an object that are kept, under their own names. */
export function partsOf(value: ScimDocument, { subs = [], kind }: ScimAttribute): ScimDocument {
  const kept = Object.entries(value).flatMap(([name, each]): [string, unknown][] => {
    const sub = subs.find((candidate) => candidate.toLowerCase() === attributeName(name));
    if (sub === undefined || each === undefined || each === null) return [];
    return [[sub, sub === 'primary' && kind === 'list' ? truthOf(each) : each]];
  });
  return Object.fromEntries(kept);
}

const without = (document: ScimDocument, name: string): ScimDocument =>
  Object.fromEntries(Object.entries(document).filter(([key]) => key !== name));

/** A document after one change; a repeated change alters nothing more. */
export function applyChange(document: ScimDocument, { op, attribute, target, value }: ScimChange): ScimDocument {
  const { name, kind } = attribute;
  const isRemoved = op === 'remove' || value === null || value === undefined;
  switch (kind) {
    case 'boolean':
      if (isRemoved) throw badRequest('invalidValue', 'It has to be true or false.');
      return { ...document, [name]: truthOf(single(value)) };
    case 'text':
      return isRemoved ? without(document, name) : { ...document, [name]: single(value) };
    case 'complex':
      return { ...document, [name]: complexAfter(document[name], attribute, target, isRemoved ? undefined : value) };
    case 'list':
      return { ...document, [name]: listAfter(listOf(document[name]), { op: isRemoved ? 'remove' : op, attribute, target, value }) };
    case 'members':
    case 'ours':
      return document;
  }
}

function complexAfter(before: unknown, attribute: ScimAttribute, { sub }: ScimTarget, value: unknown): ScimDocument {
  const known = isEntry(before) ? before : {};
  if (sub === null && value === undefined) return {};
  if (sub === null && !isEntry(value)) throw badRequest('invalidValue', 'It has to be an object.');
  const name = attribute.subs?.find((candidate) => candidate.toLowerCase() === sub);
  if (sub !== null && name === undefined) return known;
  if (name !== undefined) return value === undefined ? without(known, name) : { ...known, [name]: value };
  return { ...known, ...partsOf(value as ScimDocument, attribute) };
}

export const listOf = (value: unknown): ScimDocument[] => (Array.isArray(value) ? value.filter(isEntry) : []);

/** More than that nobody has of anything that is kept; each is compared with each. */
const mostEntries = 100;

/** What came as a list, as one entry of it, or as nothing but its value. */
export function entriesOf(value: unknown, attribute: ScimAttribute): ScimDocument[] {
  const given = Array.isArray(value) ? (value as unknown[]) : [value];
  if (given.length > mostEntries) throw badRequest('invalidValue', `No more than ${mostEntries} entries at a time.`);
  return given.map((each) => {
    if (typeof each === 'string') return { value: each };
    if (!isEntry(each)) throw badRequest('invalidValue', 'Each entry has to be an object.');
    return partsOf(each, attribute);
  });
}

function listAfter(before: ScimDocument[], { op, attribute, target, value }: ScimChange): ScimDocument[] {
  const { filter, sub } = target;
  const isMeant = (entry: ScimDocument) => filter === null || matches(filter, entry);
  if (op === 'remove') {
    const name = attribute.subs?.find((candidate) => candidate.toLowerCase() === sub);
    if (name !== undefined && name !== 'value') return before.map((entry) => (isMeant(entry) ? without(entry, name) : entry));
    return before.filter((entry) => !isMeant(entry));
  }
  if (filter === null && sub === null) {
    const given = entriesOf(value, attribute);
    return op === 'replace' ? given : onePrimary(given.reduce(withEntry, before));
  }
  const change = sub === null ? entriesOf(value, attribute)[0] : partsOf({ [sub]: single(value) }, attribute);
  // Entra replaces the work address of somebody who has none yet.
  const known = before.some(isMeant) ? before : [...before, partsOf(filter === null ? {} : entryOf(filter), attribute)];
  return known.map((entry) => (isMeant(entry) ? { ...entry, ...change } : entry));
}

/** Adds an entry, or completes the one of the same value, so that adding it again changes nothing. */
function withEntry(before: ScimDocument[], entry: ScimDocument): ScimDocument[] {
  const rest = before.filter((each) => each['value'] !== entry['value']);
  const same = before.find((each) => each['value'] === entry['value']);
  return [...rest, { ...same, ...entry }];
}

/** Of several that are called primary the last is. RFC 7643 §2.4. */
function onePrimary(entries: ScimDocument[]): ScimDocument[] {
  const last = entries.findLastIndex((entry) => entry['primary'] === true);
  return entries.map((entry, index) => (entry['primary'] === true && index !== last ? { ...entry, primary: false } : entry));
}

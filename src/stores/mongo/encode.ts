import type { Document } from 'mongodb';
import {
  type Change,
  type CollectionDeclaration,
  type Scalar,
  type StoredDocument,
  StoreUnavailable,
} from '../../ports/document-engine.ts';
import { checkChange, checkDocument, checkSize, checkWhere } from '../misuse.ts';
import { asGiven, storedName, storedText, uniqueName } from './names.ts';

/** A document as MongoDB holds it: `id` under `_id`, and what the engine adds under names that begin with `_`. */
export type Row = { readonly _id: string; readonly [field: string]: unknown };

/** MongoDB reads 100 levels; some of them are the command's. */
const DEEPEST = 90;

/** The row of a document; throws a TypeError for one that cannot be stored as it is. */
export function encodeDocument(collection: CollectionDeclaration, document: StoredDocument): Row {
  checkDocument(collection, document);
  const { id, ...fields } = plain(document);
  return { _id: storedText(String(id)), ...encodeFields(fields), ...uniqueFields(collection, fields) };
}

export function decodeRow(row: Document): StoredDocument {
  const { _id, ...fields } = row as Row;
  if (typeof _id !== 'string') throw new StoreUnavailable('a collection holds a document whose _id is not text');
  const given = Object.entries(fields).flatMap(([name, value]) => (name.startsWith('_') ? [] : [[asGiven(name), decodeValue(value)]]));
  return Object.fromEntries([['id', asGiven(_id)], ...(given as [string, unknown][])]) as StoredDocument;
}

/** Equality with a scalar and nothing else: `$eq` alone would also find the value inside a list. */
export const equals = (value: Scalar): Document => ({
  $eq: typeof value === 'string' ? storedText(value) : value,
  $not: { $type: 'array' },
});

/** The filter for one document; null when no document can match, because an id is asked to be another. */
export function encodeFilter(id: string, where: Readonly<Record<string, Scalar>>): Document | null {
  checkWhere(where);
  const { id: asked = id, ...rest } = where;
  if (asked !== id) return null;
  const conditions = Object.entries(rest).map(([field, value]) => [storedName(field), equals(value)]);
  return { ...(Object.fromEntries(conditions) as Document), _id: storedText(textOf(id)) };
}

/** The update operators of a change; null when it changes nothing. */
export function encodeChange(collection: CollectionDeclaration, change: Change): Document | null {
  checkChange(collection, change);
  const set = plain(change.set ?? {});
  const inc = Object.entries(change.inc ?? {});
  const isUnique = (field: string): boolean => collection.unique.includes(field);
  const cleared = collection.unique.filter((field) => Object.hasOwn(set, field) && set[field] === null);
  const $set = { ...encodeFields(set), ...uniqueFields(collection, set) };
  const $unset = [...(change.unset ?? []).flatMap((field) => namesOf(field, isUnique(field))), ...cleared.map(uniqueName)];
  const $inc = inc.flatMap(([field, by]) => namesOf(field, isUnique(field)).map((name) => [name, by] as const));
  const update = {
    ...(Object.keys($set).length === 0 ? {} : { $set }),
    ...($unset.length === 0 ? {} : { $unset: Object.fromEntries($unset.map((name) => [name, ''])) }),
    ...($inc.length === 0 ? {} : { $inc: Object.fromEntries($inc) }),
  };
  return Object.keys(update).length === 0 ? null : update;
}

export function textOf(id: unknown): string {
  if (typeof id !== 'string') throw new TypeError('an id is text');
  return id;
}

const namesOf = (field: string, unique: boolean): string[] => [storedName(field), ...(unique ? [uniqueName(field)] : [])];

/** What JSON makes of it, which is what the embedded engine stores. */
function plain(fields: object): Record<string, unknown> {
  const text = JSON.stringify(fields);
  checkSize(text);
  return JSON.parse(text) as Record<string, unknown>;
}

function uniqueFields(collection: CollectionDeclaration, fields: Readonly<Record<string, unknown>>): Document {
  const present = collection.unique.filter((field) => Object.hasOwn(fields, field) && fields[field] !== null);
  return Object.fromEntries(present.map((field) => [uniqueName(field), encodeValue(fields[field], 0)]));
}

const encodeFields = (fields: Readonly<Record<string, unknown>>): Document => encodeValue(fields, 0) as Document;

function encodeValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return storedText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) throw new TypeError(`a document is nested deeper than ${DEEPEST} levels`);
  if (Array.isArray(value)) return value.map((item: unknown) => encodeValue(item, depth + 1));
  // `fromEntries` makes own properties, whatever their names.
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [storedName(name), encodeValue(item, depth + 1)]));
}

function decodeValue(value: unknown): unknown {
  if (typeof value === 'string') return asGiven(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(decodeValue);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [asGiven(name), decodeValue(item)]));
}

import type { Change, CollectionDeclaration, Scalar, StoredDocument } from '../ports/document-engine.ts';
import { keyedFields } from './declaration.ts';

/** The largest document, in characters of its JSON. */
const LARGEST = 16 * 1_024 * 1_024;
const FIELD = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A document has an id, which is text, and scalars where an engine keeps an index. */
export function checkDocument(collection: CollectionDeclaration, document: StoredDocument): void {
  if (typeof document.id !== 'string' || document.id === '') throw new TypeError(`a document of ${collection.name} needs an id`);
  checkKeys(collection, document);
}

/** Conditions are equality with a scalar, never an operator. */
export function checkWhere(where: Readonly<Record<string, Scalar>>): void {
  for (const [field, value] of Object.entries(where)) {
    checkField(field);
    if (value !== null && !['string', 'number', 'boolean'].includes(typeof value))
      throw new TypeError(`"${field}" is compared with a scalar`);
  }
}

/** A field is named once, plainly (no paths), and an id never changes. */
export function checkChange(collection: CollectionDeclaration, change: Change): void {
  const { set = {}, unset = [], inc = {} } = change;
  const fields = [...Object.keys(set), ...unset, ...Object.keys(inc)];
  for (const field of fields) checkField(field);
  if (fields.includes('id')) throw new TypeError('an id cannot change');
  if (new Set(fields).size !== fields.length) throw new TypeError('a change names a field twice');
  for (const by of Object.values(inc)) if (!Number.isFinite(by)) throw new TypeError('an increment is a finite number');
  checkKeys(collection, set);
}

export function checkSize(text: string): void {
  if (text.length > LARGEST) throw new TypeError(`a document is larger than ${LARGEST} characters`);
}

/** What can be a value of a unique, indexed or expiry field. */
export function checkKey(field: string, value: unknown): void {
  if (value === undefined || value === null || ['string', 'number', 'boolean'].includes(typeof value)) return;
  throw new TypeError(`"${field}" is a unique, indexed or expiry field and must hold a scalar`);
}

function checkKeys(collection: CollectionDeclaration, fields: Readonly<Record<string, unknown>>): void {
  for (const field of keyedFields(collection)) if (Object.hasOwn(fields, field)) checkKey(field, fields[field]);
}

function checkField(field: string): void {
  if (!FIELD.test(field)) throw new TypeError(`${JSON.stringify(field)} is not a plain field name`);
}

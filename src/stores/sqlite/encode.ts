import type { Change, CollectionDeclaration, Scalar, StoredDocument } from '../../ports/document-engine.ts';
import { own, type Condition, type EncodedChange } from './change.ts';
import { keyedFields } from './declaration.ts';
import { documentText } from './document-text.ts';
import { keyOf, textKey } from './keys.ts';
import type { Operation } from './messages.ts';

const FIELD = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The insert of a document; throws a TypeError for one that cannot be stored as it is. */
export function encodeInsert(collection: CollectionDeclaration, document: StoredDocument): Operation {
  if (typeof document.id !== 'string' || document.id === '') throw new TypeError(`a document of ${collection.name} needs an id`);
  const keys = keyedFields(collection).map((field) => keyOf(field, own(document, field)));
  return { kind: 'insert', collection: collection.name, id: textKey(document.id), doc: documentText(document), keys };
}

/** Conditions are equality with a scalar, never an operator. */
export function encodeWhere(where: Readonly<Record<string, Scalar>>): Condition {
  for (const [field, value] of Object.entries(where)) {
    checkField(field);
    if (value !== null && !['string', 'number', 'boolean'].includes(typeof value))
      throw new TypeError(`"${field}" is compared with a scalar`);
  }
  return Object.entries(where);
}

/** A field is named once, plainly (no paths), and an id never changes. */
export function encodeChange(collection: CollectionDeclaration, change: Change): EncodedChange {
  const { set = {}, unset = [], inc = {} } = change;
  const fields = [...Object.keys(set), ...unset, ...Object.keys(inc)];
  for (const field of fields) checkField(field);
  if (fields.includes('id')) throw new TypeError('an id cannot change');
  if (new Set(fields).size !== fields.length) throw new TypeError('a change names a field twice');
  for (const by of Object.values(inc)) if (!Number.isFinite(by)) throw new TypeError('an increment is a finite number');
  for (const field of keyedFields(collection)) keyOf(field, own(set, field));
  return { set: Object.keys(set).length === 0 ? null : JSON.stringify(set), unset, inc: Object.entries(inc) };
}

function checkField(field: string): void {
  if (!FIELD.test(field)) throw new TypeError(`${JSON.stringify(field)} is not a plain field name`);
}

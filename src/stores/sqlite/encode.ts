import type { Change, CollectionDeclaration, Scalar, StoredDocument } from '../../ports/document-engine.ts';
import { keyedFields } from '../declaration.ts';
import { checkChange, checkDocument, checkWhere } from '../misuse.ts';
import { own, type Condition, type EncodedChange } from './change.ts';
import { documentText } from './document-text.ts';
import { keyOf, textKey } from './keys.ts';
import type { Operation } from './messages.ts';

/** The insert of a document; throws a TypeError for one that cannot be stored as it is. */
export function encodeInsert(collection: CollectionDeclaration, document: StoredDocument): Operation {
  checkDocument(collection, document);
  const keys = keyedFields(collection).map((field) => keyOf(field, own(document, field)));
  return { kind: 'insert', collection: collection.name, id: textKey(document.id), doc: documentText(document), keys };
}

export function encodeWhere(where: Readonly<Record<string, Scalar>>): Condition {
  checkWhere(where);
  return Object.entries(where);
}

export function encodeChange(collection: CollectionDeclaration, change: Change): EncodedChange {
  checkChange(collection, change);
  const { set = {}, unset = [], inc = {} } = change;
  return { set: Object.keys(set).length === 0 ? null : JSON.stringify(set), unset, inc: Object.entries(inc) };
}

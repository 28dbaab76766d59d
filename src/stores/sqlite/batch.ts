import { applyChange, matches, own, type Fields } from './change.ts';
import { type Connection, isStorageFailure, reasonOf, transact } from './connection.ts';
import { Corrupt, documentText, parseDocument } from './document-text.ts';
import { keyOf } from './keys.ts';
import type { Operation, Outcome } from './messages.ts';
import type { WriteStatements } from './statements.ts';

export type Writes = ReadonlyMap<string, WriteStatements>;

/** Applies the operations in their order in one transaction. Throws when the storage failed, and then nothing was written. */
export function applyBatch(db: Connection, writes: Writes, operations: readonly Operation[]): Outcome[] {
  return transact(db, () => operations.map((operation) => outcomeOf(writes, operation)));
}

/** What is wrong with one operation stays with it; what is wrong with the storage ends the batch. */
function outcomeOf(writes: Writes, operation: Operation): Outcome {
  try {
    return { kind: 'done', value: apply(writes, operation) };
  } catch (error) {
    if (error instanceof Corrupt) return { kind: 'corrupt', reason: error.message };
    if (isStorageFailure(error)) throw error;
    return { kind: 'misuse', reason: reasonOf(error) };
  }
}

function apply(writes: Writes, operation: Operation): string | number | boolean | null {
  if (operation.kind === 'ping') return true;
  const statements = writes.get(operation.collection);
  if (statements === undefined) throw new TypeError(`collection "${operation.collection}" is not declared`);
  switch (operation.kind) {
    case 'insert':
      return changed(statements.insert.run(operation.id, operation.doc, ...operation.keys)) === 1;
    case 'update':
      return update(statements, operation);
    case 'delete':
      if (operation.where.length > 0 && current(statements, operation) === null) return false;
      return changed(statements.remove.run(operation.id)) === 1;
    case 'sweep':
      if (statements.sweep === null) throw new TypeError(`collection "${operation.collection}" declares no expiry`);
      return changed(statements.sweep.run(operation.now, operation.limit));
  }
}

const changed = (result: { changes: number | bigint }): number => Number(result.changes);

function update(statements: WriteStatements, operation: Extract<Operation, { kind: 'update' }>): string | null {
  const row = current(statements, operation);
  if (row === null) return null;
  const next = applyChange(row.document, operation.change);
  const text = documentText(next);
  const rekeyed = statements.keyed.filter((field) => own(next, field) !== own(row.document, field));
  const keys = rekeyed.map((field) => keyOf(field, own(next, field)));
  const result = statements.replace(rekeyed).run(text, ...keys, operation.id);
  if (changed(result) === 0) return null;
  return operation.returns === 'before' ? row.text : text;
}

/** The stored document if it is there and matches. */
function current(
  statements: WriteStatements,
  operation: Extract<Operation, { kind: 'update' | 'delete' }>,
): { text: string; document: Fields } | null {
  const row = statements.read.get(operation.id) as { doc: string } | undefined;
  if (row === undefined) return null;
  const document = parseDocument(operation.collection, row.doc);
  return matches(document, operation.where) ? { text: row.doc, document } : null;
}

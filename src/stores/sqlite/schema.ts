import type { CollectionDeclaration } from '../../ports/document-engine.ts';
import { checkNames, keyedFields } from '../declaration.ts';
import { own } from './change.ts';
import { type Connection, isUniqueViolation, transact } from './connection.ts';
import { column, table } from './declaration.ts';
import { parseDocument } from './document-text.ts';
import { keyOf } from './keys.ts';

const FORMAT = 1;
const BACKFILL_ROWS = 500;

/** Brings the file to exactly what is declared: tables, key columns and indexes; existing documents are indexed. All or nothing. */
export function materialise(db: Connection, collections: readonly CollectionDeclaration[]): void {
  checkNames(collections);
  checkFormat(db);
  transact(db, () => {
    for (const collection of collections) materialiseOne(db, collection);
    db.exec(`PRAGMA user_version = ${FORMAT}`);
  });
}

function checkFormat(db: Connection): void {
  const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found > FORMAT) throw new Error(`the file has format ${found}, written by a newer version; this one reads up to ${FORMAT}`);
}

function materialiseOne(db: Connection, collection: CollectionDeclaration): void {
  const name = table(collection.name);
  db.exec(`CREATE TABLE IF NOT EXISTS ${name} (id TEXT PRIMARY KEY NOT NULL, doc TEXT NOT NULL)`);
  const wanted = declaredIndexes(collection);
  const present = presentIndexes(db, collection.name);
  for (const [index, sql] of present) if (wanted.get(index) !== sql) db.exec(`DROP INDEX "${index}"`);
  alignColumns(db, collection);
  for (const [index, sql] of wanted) if (present.get(index) !== sql) createIndex(db, collection, index, sql);
}

function declaredIndexes(collection: CollectionDeclaration): Map<string, string> {
  const name = table(collection.name);
  const indexes = new Map<string, string>();
  for (const field of collection.unique) {
    const index = `${collection.name}.${field}.unique`;
    indexes.set(index, `CREATE UNIQUE INDEX "${index}" ON ${name} (${column(field)}) WHERE ${column(field)} IS NOT NULL`);
  }
  for (const field of keyedFields(collection)) {
    if (collection.unique.includes(field)) continue;
    const index = `${collection.name}.${field}`;
    indexes.set(index, `CREATE INDEX "${index}" ON ${name} (${column(field)}, id) WHERE ${column(field)} IS NOT NULL`);
  }
  return indexes;
}

function presentIndexes(db: Connection, name: string): Map<string, string> {
  const rows = db.prepare(`SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`).all(name);
  return new Map((rows as { name: string; sql: string }[]).map((row) => [row.name, row.sql]));
}

/** A column that exists is one that every write kept filled; what is no longer declared goes, so that it never exists half filled. */
function alignColumns(db: Connection, collection: CollectionDeclaration): void {
  const name = table(collection.name);
  const rows = db.prepare(`SELECT name FROM pragma_table_info(?)`).all(collection.name) as { name: string }[];
  const present = rows.map((row) => row.name).filter((found) => found.startsWith('k_'));
  const fields = keyedFields(collection);
  for (const found of present) if (!fields.some((field) => found === `k_${field}`)) db.exec(`ALTER TABLE ${name} DROP COLUMN "${found}"`);
  const added = fields.filter((field) => !present.includes(`k_${field}`));
  for (const field of added) db.exec(`ALTER TABLE ${name} ADD COLUMN ${column(field)}`);
  if (added.length > 0) backfill(db, collection, added);
}

function backfill(db: Connection, collection: CollectionDeclaration, fields: readonly string[]): void {
  const name = table(collection.name);
  const select = db.prepare(`SELECT rowid AS row, doc FROM ${name} WHERE rowid > ? ORDER BY rowid LIMIT ${BACKFILL_ROWS}`);
  const update = db.prepare(`UPDATE ${name} SET ${fields.map((field) => `${column(field)} = ?`).join(', ')} WHERE rowid = ?`);
  for (let last = -1; ;) {
    const rows = select.all(last) as { row: number; doc: string }[];
    for (const { row, doc } of rows) {
      const document = parseDocument(collection.name, doc);
      update.run(...fields.map((field) => keyOf(field, own(document, field))), row);
      last = row;
    }
    if (rows.length < BACKFILL_ROWS) return;
  }
}

function createIndex(db: Connection, collection: CollectionDeclaration, index: string, sql: string): void {
  try {
    db.exec(sql);
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const field = index.split('.')[1];
    throw new Error(
      `"${field}" of ${collection.name} is declared unique, but stored documents share a value; remove the duplicates first`,
      { cause: error },
    );
  }
}

import type { CollectionDeclaration } from '../../ports/document-engine.ts';
import { keyedFields } from '../declaration.ts';
import type { Connection } from './connection.ts';
import { column, table } from './declaration.ts';

type Statement = ReturnType<Connection['prepare']>;

/** The prepared reads of one collection. */
export interface ReadStatements {
  readonly get: Statement;
  readonly page: Statement;
  readonly find: ReadonlyMap<string, Statement>;
}

export function prepareReads(db: Connection, collection: CollectionDeclaration): ReadStatements {
  const from = `FROM ${table(collection.name)}`;
  const finds = [...collection.unique, ...collection.indexes].map(
    (field) => [field, db.prepare(`SELECT doc ${from} WHERE ${column(field)} = ? AND id > ? ORDER BY id LIMIT ?`)] as const,
  );
  return {
    get: db.prepare(`SELECT doc ${from} WHERE id = ?`),
    page: db.prepare(`SELECT doc ${from} WHERE id > ? ORDER BY id LIMIT ?`),
    find: new Map(finds),
  };
}

/** The prepared writes of one collection. A unique violation makes them change no row. */
export interface WriteStatements {
  readonly keyed: readonly string[];
  readonly read: Statement;
  readonly insert: Statement;
  /** The replacement of a document whose values of these keyed fields, in their declared order, changed: SQLite rewrites the index of every column an update names. */
  replace(fields: readonly string[]): Statement;
  readonly remove: Statement;
  readonly sweep: Statement | null;
}

export function prepareWrites(db: Connection, collection: CollectionDeclaration): WriteStatements {
  const name = table(collection.name);
  const keyed = keyedFields(collection);
  const columns = keyed.map(column);
  return {
    keyed,
    read: db.prepare(`SELECT doc FROM ${name} WHERE id = ?`),
    insert: db.prepare(
      `INSERT INTO ${name} (${['id', 'doc', ...columns].join(', ')}) VALUES (?, ?${', ?'.repeat(keyed.length)}) ON CONFLICT DO NOTHING`,
    ),
    replace: remembering((fields) => {
      const set = ['doc', ...fields.map(column)].map((each) => `${each} = ?`).join(', ');
      return db.prepare(`UPDATE OR IGNORE ${name} SET ${set} WHERE id = ?`);
    }),
    remove: db.prepare(`DELETE FROM ${name} WHERE id = ?`),
    sweep: collection.expires === null ? null : prepareSweep(db, name, column(collection.expires)),
  };
}

/** Statements by the fields they are for, each prepared once; a collection has few fields, so there are few. */
function remembering(prepare: (fields: readonly string[]) => Statement): (fields: readonly string[]) => Statement {
  const known = new Map<string, Statement>();
  return (fields) => {
    const key = fields.join();
    const statement = known.get(key) ?? prepare(fields);
    known.set(key, statement);
    return statement;
  };
}

const prepareSweep = (db: Connection, name: string, expires: string): Statement =>
  db.prepare(`DELETE FROM ${name} WHERE rowid IN (SELECT rowid FROM ${name} WHERE ${expires} <= ? ORDER BY ${expires} LIMIT ?)`);

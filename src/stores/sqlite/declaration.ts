import type { CollectionDeclaration } from '../../ports/document-engine.ts';

const NAME = /^[a-z][A-Za-z0-9_]*$/;

/** The fields that have a column of their own, in the order of the columns. */
export function keyedFields(collection: CollectionDeclaration): string[] {
  const expires = collection.expires === null ? [] : [collection.expires];
  return [...new Set([...collection.unique, ...collection.indexes, ...expires])];
}

/** The only way a name enters SQL: quoted, after `checkNames`. */
export const table = (name: string): string => `"${name}"`;
export const column = (field: string): string => `"k_${field}"`;

/** Refuses names that are not plain identifiers and names SQLite, which ignores case, would take for one another. */
export function checkNames(collections: readonly CollectionDeclaration[]): void {
  checkDistinct(
    'collection',
    collections.map((collection) => collection.name),
  );
  for (const collection of collections) checkDistinct(`field of ${collection.name}`, keyedFields(collection));
}

function checkDistinct(what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (!NAME.test(name) || name.startsWith('sqlite_')) throw new TypeError(`${JSON.stringify(name)} cannot be the name of a ${what}`);
    const folded = name.toLowerCase();
    if (seen.has(folded)) throw new TypeError(`two ${what} declarations are named "${name}" (case is ignored)`);
    seen.add(folded);
  }
}

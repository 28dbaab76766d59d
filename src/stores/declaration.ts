import type { CollectionDeclaration } from '../ports/document-engine.ts';

const NAME = /^[a-z][A-Za-z0-9_]*$/;

/** The fields an engine keeps an index of, each once: unique ones, indexed ones, the expiry. */
export function keyedFields(collection: CollectionDeclaration): string[] {
  const expires = collection.expires === null ? [] : [collection.expires];
  return [...new Set([...collection.unique, ...collection.indexes, ...expires])];
}

/** Refuses names that are not plain identifiers and names that an engine which ignores case would take for one another. */
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

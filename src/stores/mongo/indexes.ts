import { type Collection, type Db, MongoServerError } from 'mongodb';
import type { CollectionDeclaration } from '../../ports/document-engine.ts';
import { keyedFields } from '../declaration.ts';
import { isDuplicate, reasonOf } from './failures.ts';
import { storedName, uniqueName } from './names.ts';

/** An index as the engine wants it. Found indexes are compared in all that decides what they hold. */
interface Wanted {
  readonly name: string;
  readonly key: Readonly<Record<string, 1>>;
  readonly unique: boolean;
  readonly sparse: boolean;
  /** The declared field it serves. */
  readonly field: string;
}

type Found = Readonly<Record<string, unknown>> & { readonly name: string; readonly key: object };

const NAMESPACE_NOT_FOUND = 26;

/** Brings the database to exactly what is declared; answers with what was made. Safe to run by several instances at once. */
export async function materialise(db: Db, collections: readonly CollectionDeclaration[]): Promise<string[]> {
  const present = await db.listCollections().toArray();
  for (const { name, type, options } of present as { name: string; type?: string; options?: Readonly<Record<string, unknown>> }[]) {
    const isOurs = collections.some((collection) => collection.name === name);
    const odd = ['collation', 'capped', 'timeseries', 'validator'].filter((option) => options?.[option] !== undefined);
    if (isOurs && (odd.length > 0 || (type ?? 'collection') !== 'collection'))
      throw new Error(`"${name}" is not a plain collection (${[type, ...odd].join(', ')}); it has to be made without such options`);
  }
  const made = await Promise.all(collections.map((collection) => materialiseOne(db, collection)));
  return made.flat();
}

async function materialiseOne(db: Db, declaration: CollectionDeclaration): Promise<string[]> {
  const collection = db.collection(declaration.name);
  const wanted = wantedIndexes(declaration);
  const found = await indexesOf(collection);
  for (const index of found) refuseForeign(declaration.name, index, wanted);
  const missing = wanted.filter((index) => !found.some((other) => isSame(other, index)));
  for (const index of missing) {
    if (index.unique) await fillUnique(collection, index.field);
    await create(collection, index);
  }
  return missing.map(({ name }) => name);
}

function wantedIndexes(declaration: CollectionDeclaration): Wanted[] {
  const unique = declaration.unique.map((field) => ({
    name: `${declaration.name}.${field}.unique`,
    key: { [uniqueName(field)]: 1 as const },
    unique: true,
    sparse: true,
    field,
  }));
  const others = keyedFields(declaration)
    .filter((field) => !declaration.unique.includes(field))
    .map((field) => ({
      name: `${declaration.name}.${field}`,
      key: field === declaration.expires ? { [storedName(field)]: 1 as const } : { [storedName(field)]: 1 as const, _id: 1 as const },
      unique: false,
      sparse: false,
      field,
    }));
  return [...unique, ...others];
}

async function indexesOf(collection: Collection): Promise<Found[]> {
  try {
    return (await collection.listIndexes().toArray()) as Found[];
  } catch (error) {
    if (error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}

const PLAIN = new Set(['v', 'key', 'name', 'unique', 'sparse', 'ns', 'background']);

const isSame = (found: Found, wanted: Wanted): boolean =>
  JSON.stringify(found.key) === JSON.stringify(wanted.key) &&
  (found['unique'] === true) === wanted.unique &&
  (found['sparse'] === true) === wanted.sparse &&
  Object.keys(found).every((option) => PLAIN.has(option));

/** An index that forbids or removes what the declaration does not would change answers; one that only speeds up may stay. */
function refuseForeign(collection: string, found: Found, wanted: readonly Wanted[]): void {
  if (found.name === '_id_' || wanted.some((index) => isSame(found, index))) return;
  const taken = wanted.some(({ name, key }) => name === found.name || JSON.stringify(key) === JSON.stringify(found.key));
  const why = taken
    ? 'is not the index that is declared'
    : found['unique'] === true
      ? 'makes unique what is not declared to be'
      : found['expireAfterSeconds'] !== undefined
        ? 'removes documents by the clock of the server'
        : null;
  if (why !== null) throw new Error(`the index "${found.name}" of ${collection} ${why}; drop it and start again`);
}

/** Documents written before a field was declared unique carry its value alone. */
async function fillUnique(collection: Collection, field: string): Promise<void> {
  const name = uniqueName(field);
  const lacking = { [storedName(field)]: { $ne: null }, [name]: { $exists: false } };
  for await (const row of collection.find(lacking)) {
    const value: unknown = row[storedName(field)];
    await collection.updateOne({ _id: { $eq: row._id }, [storedName(field)]: { $eq: value } }, { $set: { [name]: value } });
  }
}

async function create(collection: Collection, index: Wanted): Promise<void> {
  const { name, key, unique, sparse, field } = index;
  try {
    await collection.createIndex(key, { name, ...(unique ? { unique } : {}), ...(sparse ? { sparse } : {}) });
  } catch (error) {
    if (isDuplicate(error))
      throw new Error(
        `"${field}" of ${collection.collectionName} is declared unique, but stored documents share a value; remove the duplicates first`,
      );
    throw new Error(`the index "${name}" is missing and cannot be made: ${reasonOf(error)}`);
  }
}

import { BSON } from 'mongodb';
import type { Change, CollectionDeclaration, DocumentEngine, Page, Scalar, StoredDocument } from '../../src/ports/document-engine.ts';
import { encodeChange, encodeDocument, encodeFilter } from '../../src/stores/mongo/encode.ts';

/** One operation as it would go to MongoDB and come back. */
export interface Operation {
  readonly collection: string;
  readonly kind: 'read' | 'write';
  /** Whether the document is named by its id, so that a sharded cluster asks one shard. */
  readonly isTargeted: boolean;
  /** Operations that began at the same moment have the same number. */
  readonly wave: number;
  /** Of command and reply on the wire, uncompressed. */
  readonly bytes: number;
}

const clusterTime = {
  clusterTime: new BSON.Timestamp({ t: 1, i: 1 }),
  signature: { hash: new BSON.Binary(Buffer.alloc(20)), keyId: BSON.Long.MAX_VALUE },
};
const common = { lsid: { id: new BSON.Binary(Buffer.alloc(16), 4) }, $clusterTime: clusterTime, $db: 'drawbridge', maxTimeMS: 3_000 };
const reading = { ...common, readConcern: { level: 'majority' } };
const writing = { ...common, txnNumber: BSON.Long.MAX_VALUE, writeConcern: { w: 'majority', j: true, wtimeout: 3_000 } };
const replied = { ok: 1, $clusterTime: clusterTime, operationTime: clusterTime.clusterTime };
const wrote = { ...replied, electionId: new BSON.ObjectId(), opTime: { ts: clusterTime.clusterTime, t: BSON.Long.MAX_VALUE } };
/** The header of a message, its flags and the kind of its section. */
const FRAME = 16 + 4 + 1;

const sizeOf = (...documents: object[]) => documents.reduce((sum, document) => sum + BSON.calculateObjectSize(document) + FRAME, 0);

/** A store in memory that gives every operation one turn of the event loop, so that what is asked at once can be told from what is asked in turn. */
export function countingEngine(): DocumentEngine & { readonly operations: Operation[] } {
  const rows = new Map<string, Map<string, StoredDocument>>();
  const operations: Operation[] = [];
  let turn: Promise<void> | null = null;
  let wave = 0;

  const of = ({ name }: CollectionDeclaration) =>
    rows.get(name) ?? rows.set(name, new Map()).get(name) ?? new Map<string, StoredDocument>();
  const rowOf = (collection: CollectionDeclaration, found: StoredDocument | null) =>
    found === null ? null : encodeDocument(collection, found);
  const equals = (value: unknown, wanted: Scalar) => (value ?? null) === wanted;

  async function answer<T>(
    collection: CollectionDeclaration,
    kind: Operation['kind'],
    isTargeted: boolean,
    work: () => [T, object, object],
  ): Promise<T> {
    if (turn === null) {
      wave += 1;
      turn = new Promise((resolve) => setImmediate(() => resolve(void (turn = null))));
    }
    const at = wave;
    await turn;
    const [result, command, reply] = work();
    operations.push({ collection: collection.name, kind, isTargeted, wave: at, bytes: sizeOf(command, reply) });
    return result;
  }

  function list(
    collection: CollectionDeclaration,
    filter: object,
    fits: (row: StoredDocument) => boolean,
    { after = '', limit = 100 }: Page = {},
  ) {
    return answer(collection, 'read', false, () => {
      const found = [...of(collection).values()].filter((row) => row.id > after && fits(row)).sort((a, b) => (a.id < b.id ? -1 : 1));
      const firstBatch = found.slice(0, limit).map((row) => rowOf(collection, row));
      const command = {
        find: collection.name,
        filter: { ...filter, _id: { $gt: after } },
        sort: { _id: 1 },
        limit,
        batchSize: limit + 1,
        ...reading,
      };
      return [
        found.slice(0, limit),
        command,
        { cursor: { firstBatch, id: BSON.Long.ZERO, ns: `drawbridge.${collection.name}` }, ...replied },
      ];
    });
  }

  function update(
    collection: CollectionDeclaration,
    id: string,
    where: Readonly<Record<string, Scalar>>,
    change: Change,
    returns: 'before' | 'after',
  ) {
    return answer<StoredDocument | null>(collection, 'write', true, () => {
      const before = of(collection).get(id);
      const matches = before !== undefined && Object.entries(where).every(([field, value]) => equals(before[field], value));
      const command = { findAndModify: collection.name, query: encodeFilter(id, where), update: encodeChange(collection, change) ?? {} };
      const after = matches ? (JSON.parse(JSON.stringify({ ...before, ...change.set })) as StoredDocument) : null;
      if (after !== null) of(collection).set(id, after);
      const result = after === null ? null : returns === 'before' ? (before ?? null) : after;
      const value = rowOf(collection, result);
      return [
        result,
        { ...command, new: returns === 'after', ...writing },
        { lastErrorObject: { updatedExisting: true, n: 1 }, value, ...wrote },
      ];
    });
  }

  return {
    operations,
    insert: (collection, document) =>
      answer(collection, 'write', true, () => {
        const isNew = !of(collection).has(document.id);
        if (isNew) of(collection).set(document.id, JSON.parse(JSON.stringify(document)) as StoredDocument);
        return [
          isNew ? 'inserted' : 'duplicate',
          { insert: collection.name, documents: [encodeDocument(collection, document)], ordered: true, ...writing },
          { n: 1, ...wrote },
        ];
      }),
    get: (collection, id) =>
      answer(collection, 'read', true, () => {
        const found = of(collection).get(id) ?? null;
        const firstBatch = found === null ? [] : [rowOf(collection, found)];
        const command = { find: collection.name, filter: { _id: { $eq: id } }, limit: 1, singleBatch: true, batchSize: 1, ...reading };
        return [found, command, { cursor: { firstBatch, id: BSON.Long.ZERO, ns: `drawbridge.${collection.name}` }, ...replied }];
      }),
    find: (collection, field, value, page) =>
      list(collection, { [field]: { $eq: value, $not: { $type: 'array' } } }, (row) => equals(row[field], value), page),
    page: (collection, page) => list(collection, {}, () => true, page),
    updateIf: update,
    delete: (collection, id) =>
      answer(collection, 'write', true, () => [
        of(collection).delete(id),
        { delete: collection.name, deletes: [{ q: encodeFilter(id, {}), limit: 1 }], ...writing },
        { n: 1, ...wrote },
      ]),
    sweep: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  };
}

/** The bytes of every document a collection holds on average, as BSON. */
export async function documentBytes(engine: DocumentEngine, collection: CollectionDeclaration): Promise<number> {
  const rows = await engine.page(collection, { limit: 1_000 });
  const sizes = rows.map((row) => BSON.calculateObjectSize(encodeDocument(collection, row)));
  return sizes.length === 0 ? 0 : sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
}

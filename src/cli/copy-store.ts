import { canonicalJson } from '../domain/canonical-json.ts';
import { sha256 } from '../domain/digest.ts';
import type { CollectionDeclaration, DocumentEngine, StoredDocument } from '../ports/document-engine.ts';

/** What one collection came to on both sides. */
export interface CopiedCollection {
  readonly name: string;
  readonly count: number;
  /** Rows this run wrote; the others were there from an earlier one. */
  readonly written: number;
  /** SHA-256 over every row in order, the same on both sides. */
  readonly digest: string;
}

/** The two stores are not the same afterwards: the target holds something else, or the source changed under the copy. */
export class CopyDiffers extends Error {
  override readonly name = 'CopyDiffers';
}

const pageSize = 500;

async function* rowsOf(engine: DocumentEngine, collection: CollectionDeclaration): AsyncGenerator<readonly StoredDocument[]> {
  let after: string | undefined;
  for (;;) {
    const rows = await engine.page(collection, { ...(after === undefined ? {} : { after }), limit: pageSize });
    if (rows.length === 0) return;
    yield rows;
    after = rows.at(-1)?.id;
  }
}

/** A count and one digest over all rows, each hashed with what came before it. */
async function summarise(engine: DocumentEngine, collection: CollectionDeclaration): Promise<{ count: number; digest: string }> {
  let [count, digest] = [0, ''];
  for await (const rows of rowsOf(engine, collection)) {
    for (const row of rows) digest = sha256(`${digest}${canonicalJson(row)}`);
    count += rows.length;
  }
  return { count, digest };
}

async function copyRows(
  from: DocumentEngine,
  to: DocumentEngine,
  collection: CollectionDeclaration,
  progress: (rows: number) => void,
): Promise<number> {
  let [seen, written] = [0, 0];
  for await (const rows of rowsOf(from, collection)) {
    const outcomes = await Promise.all(rows.map((row) => to.insert(collection, row)));
    written += outcomes.filter((outcome) => outcome === 'inserted').length;
    seen += rows.length;
    progress(seen);
  }
  return written;
}

/**
 * Copies every row of every collection and proves it: counts and digests of both sides agree, or `CopyDiffers` names the collection. Doing it
 * again writes only what is missing. The source must not be in use, which an embedded store sees to itself.
 */
export async function copyStore(
  from: DocumentEngine,
  to: DocumentEngine,
  collections: readonly CollectionDeclaration[],
  progress: (name: string, rows: number) => void,
): Promise<CopiedCollection[]> {
  const copied: CopiedCollection[] = [];
  for (const collection of collections) {
    const { name } = collection;
    const written = await copyRows(from, to, collection, (rows) => progress(name, rows));
    const [source, target] = [await summarise(from, collection), await summarise(to, collection)];
    if (source.count !== target.count || source.digest !== target.digest) {
      throw new CopyDiffers(`${name}: ${source.count} rows here and ${target.count} there, or not the same ones: is either store in use?`);
    }
    copied.push({ name, ...source, written });
  }
  return copied;
}

import type { z } from 'zod';
import type { Change, DocumentEngine, Page, Scalar, StoredDocument } from '../ports/document-engine.ts';
import type { Collection } from './collection.ts';

/** A collection of the engine with its documents parsed as they are read, so that corruption is found at the border. */
export interface TypedCollection<Value> {
  insert(document: Value & StoredDocument): Promise<'inserted' | 'duplicate'>;
  get(id: string): Promise<Value | null>;
  find(field: string, value: string | number, page?: Page): Promise<Value[]>;
  /** Every document of that value, page after page. */
  findAll(field: string, value: string | number): Promise<Value[]>;
  page(page?: Page): Promise<Value[]>;
  /** Every document there is, in pages of at most so many. */
  pages(limit: number): AsyncGenerator<readonly Value[]>;
  /** Every document of that value, in pages of at most so many. */
  pagesOf(field: string, value: string | number, limit: number): AsyncGenerator<readonly Value[]>;
  updateIf(id: string, where: Readonly<Record<string, Scalar>>, change: Change): Promise<Value | null>;
  delete(id: string, where?: Readonly<Record<string, Scalar>>): Promise<boolean>;
}

/** Page after page of at most so many, for as long as there is something. */
async function* paged<Value>(read: (asked: Page) => Promise<Value[]>, limit: number): AsyncGenerator<readonly Value[]> {
  for (let after = ''; ;) {
    const found = await read({ after, limit });
    // The engine's own `id`, whatever the shape says of it.
    const last = found.at(-1) as StoredDocument | undefined;
    if (last === undefined) return;
    yield found;
    after = last.id;
  }
}

export function typedCollection<Shape extends z.ZodObject>(
  engine: DocumentEngine,
  collection: Collection<Shape>,
): TypedCollection<z.infer<Shape>> {
  const read = (document: StoredDocument | null) => (document === null ? null : collection.shape.parse(document));
  async function findAll(field: string, value: string | number) {
    const all: z.infer<Shape>[] = [];
    for (let after = ''; ;) {
      const found = await engine.find(collection, field, value, { after, limit: 1000 });
      all.push(...found.map((document) => collection.shape.parse(document)));
      const last = found.at(-1);
      if (last === undefined || found.length < 1000) return all;
      after = last.id;
    }
  }

  const find = async (field: string, value: string | number, asked?: Page) =>
    (await engine.find(collection, field, value, asked)).map((document) => collection.shape.parse(document));
  const pagesOf = (field: string, value: string | number, limit: number) => paged((asked) => find(field, value, asked), limit);

  const page = async (asked?: Page) => (await engine.page(collection, asked)).map((document) => collection.shape.parse(document));
  const pages = (limit: number) => paged(page, limit);

  return {
    findAll,
    page,
    pages,
    pagesOf,
    insert: (document) => engine.insert(collection, document),
    get: async (id) => read(await engine.get(collection, id)),
    find,
    updateIf: async (id, where, change) => read(await engine.updateIf(collection, id, where, change, 'after')),
    delete: (id, where) => engine.delete(collection, id, where),
  };
}

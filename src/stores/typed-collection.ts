import type { z } from 'zod';
import type { Change, DocumentEngine, Page, Scalar, StoredDocument } from '../ports/document-engine.ts';
import type { Collection } from './collections.ts';

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
  updateIf(id: string, where: Readonly<Record<string, Scalar>>, change: Change): Promise<Value | null>;
  delete(id: string, where?: Readonly<Record<string, Scalar>>): Promise<boolean>;
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

  const page = async (asked?: Page) => (await engine.page(collection, asked)).map((document) => collection.shape.parse(document));
  async function* pages(limit: number) {
    for (let after = ''; ;) {
      const found = await page({ after, limit });
      // The engine's own `id`, whatever the shape says of it.
      const last = found.at(-1) as StoredDocument | undefined;
      if (last === undefined) return;
      yield found;
      after = last.id;
    }
  }

  return {
    findAll,
    page,
    pages,
    insert: (document) => engine.insert(collection, document),
    get: async (id) => read(await engine.get(collection, id)),
    find: async (field, value, page) =>
      (await engine.find(collection, field, value, page)).map((document) => collection.shape.parse(document)),
    updateIf: async (id, where, change) => read(await engine.updateIf(collection, id, where, change, 'after')),
    delete: (id, where) => engine.delete(collection, id, where),
  };
}

import type { CollectionDeclaration } from '../../../src/ports/document-engine.ts';

export const numbered: CollectionDeclaration = { name: 'numbered', unique: ['label'], indexes: ['writer'], expires: null };

export const WRITERS = 16;

/** A document whose text says whether it is whole. */
export const numberedDocument = (id: string, n: number) => ({
  id,
  n,
  label: `label ${id}`,
  writer: id.split('-')[1],
  text: `${n};`.repeat(n % 2_000),
});

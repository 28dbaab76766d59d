import type { z } from 'zod';
import type { CollectionDeclaration } from '../ports/document-engine.ts';

/** One collection, declared once: both engines materialise it and the storage reference is generated from it. */
export interface Collection<Shape extends z.ZodObject = z.ZodObject> extends CollectionDeclaration {
  readonly shape: Shape;
  /** What a row is and why it is kept, for the reference. */
  readonly describe: string;
}

export const declare = <Shape extends z.ZodObject>(collection: Collection<Shape>): Collection<Shape> => collection;

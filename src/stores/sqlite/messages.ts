import type { CollectionDeclaration } from '../../ports/document-engine.ts';
import type { Condition, EncodedChange } from './change.ts';
import type { Key } from './keys.ts';

/** One write as it travels to the writer thread: ready to bind, documents as JSON text. */
export type Operation =
  | { readonly kind: 'insert'; readonly collection: string; readonly id: string; readonly doc: string; readonly keys: readonly Key[] }
  | {
      readonly kind: 'update';
      readonly collection: string;
      readonly id: string;
      readonly where: Condition;
      readonly change: EncodedChange;
      readonly returns: 'before' | 'after';
    }
  | { readonly kind: 'delete'; readonly collection: string; readonly id: string; readonly where: Condition }
  | { readonly kind: 'sweep'; readonly collection: string; readonly now: number; readonly limit: number }
  | { readonly kind: 'ping' };

/** What one operation came to. `misuse` is the caller's mistake, `corrupt` a stored document that cannot be read. */
export type Outcome =
  | { readonly kind: 'done'; readonly value: string | number | boolean | null }
  | { readonly kind: 'misuse'; readonly reason: string }
  | { readonly kind: 'corrupt'; readonly reason: string };

export type Request = readonly Operation[] | 'close';

/**
 * `committed`: every outcome is on stable storage; `elsewhere` when somebody else had written to the file since the batch before.
 * `failed`: nothing of the batch was written.
 */
export type Reply =
  | { readonly kind: 'committed'; readonly outcomes: readonly Outcome[]; readonly elsewhere: boolean }
  | { readonly kind: 'failed'; readonly reason: string };

export interface WriterData {
  readonly path: string;
  readonly collections: readonly CollectionDeclaration[];
}

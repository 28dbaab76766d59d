import type { Revision } from '../domain/policy.ts';

/** The history of who may do what. Nothing in it is ever changed. */
export interface Policies {
  /** The revision in force; null before the first. */
  latest(): Promise<Revision | null>;
  get(number: number): Promise<Revision | null>;
  /** The document of that digest, as it was given. */
  document(digest: string): Promise<unknown>;
  /** Adds the next revision: of any number of concurrent callers with the same number exactly one does, and is told so. */
  add(revision: Omit<Revision, 'digest'>, document: unknown): Promise<boolean>;
  /** Newest first, those before `before`. */
  history(page: { readonly before?: number; readonly limit: number }): Promise<Revision[]>;
}

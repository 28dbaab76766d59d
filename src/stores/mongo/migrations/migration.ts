import type { Document } from 'mongodb';

/**
 * One change of stored documents, as data: database commands in their order. Append-only: once released it never changes, which
 * its digest proves. Each command can be run again without harm, because an instance may end between one and the next.
 */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly describe: string;
  readonly commands: readonly Document[];
}

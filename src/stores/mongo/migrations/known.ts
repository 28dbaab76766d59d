import { initial } from './0001-initial.ts';
import type { Migration } from './migration.ts';

/** Every migration this version knows, in the order of their numbers. */
export const knownMigrations: readonly Migration[] = [initial];

import type { Migration } from './migration.ts';

export const initial: Migration = {
  number: 1,
  name: 'initial',
  describe: 'Documents under _id, names and text escaped, values of unique fields repeated under _unique_<field>. Nothing to change yet.',
  commands: [],
};

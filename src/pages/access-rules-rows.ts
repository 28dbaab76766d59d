/** Sample rules and people of the page on which a change to access rules is tried. */
import type { ChangedPersonRow, ChangeKind, PreviewView, RuleRow } from './access-rules-view.ts';

export const rule = (from: number | null, group: string, role: string, more: Partial<RuleRow> = {}): RuleRow => ({
  from,
  group,
  effect: 'give',
  role,
  called: null,
  connection: '',
  until: '',
  conditions: [],
  canNarrow: true,
  isOpen: false,
  more: [],
  published: [],
  isMoved: false,
  problems: [],
  ...more,
});

export const person = (
  name: string,
  before: string,
  after: string,
  why: string,
  more: Partial<ChangedPersonRow> = {},
): ChangedPersonRow => ({
  name,
  account: `${(name.split(' ')[0] ?? '').toLowerCase()}@acme.example`,
  isYou: false,
  before,
  after,
  why,
  loses: '',
  ...more,
});

const demoted = [
  'Ada Bell',
  'Jon Marsh',
  'Priya Nair',
  'Lena Fuchs',
  'Omar Haddad',
  'Sofia Rossi',
  'Ken Abe',
  'Ruth Levy',
  'Paul Meyer',
  'Nia Okoye',
  'Tom Reed',
];

export const losers = [
  ...demoted.map((name) => person(name, 'Editor', 'Viewer', 'rule 3')),
  person('Dana Reyes', 'Administrator', 'No access', 'no rule fits', { isYou: true }),
];

export const winners = [
  person('Ines Okafor', 'Editor', 'Administrator', 'rule 1'),
  person('Tomas Lind', 'Viewer', 'Administrator', 'rule 1'),
  person('Wei Sun', 'Editor', 'Administrator', 'rule 1'),
];

export const nobody = (people: number): PreviewView => ({
  people,
  time: '14:32 UTC',
  kinds: [{ kind: 'stays', count: people, people: [] }],
  losing: 0,
  unknown: 0,
});

export const kind = (of: ChangeKind, people: readonly ChangedPersonRow[], count = people.length) => ({ kind: of, count, people });

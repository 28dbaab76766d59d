/** Sample views of the page on which a change to access rules is tried. */
import type { AccessRulesView } from './access-rules-view.ts';
import { kind, losers, nobody, person, rule, winners } from './access-rules-rows.ts';
import { conditions, connections } from './access-rules-more-samples.ts';
import { hostileRules } from './access-rules-hostile.ts';
import { sampleOrganisation } from './samples.ts';

const unchanged: AccessRulesView = {
  organisation: sampleOrganisation,
  bar: {
    places: [{ name: 'Access rules', href: '/admin/workspaces/acme/rules', isHere: true }],
    account: 'dana@acme.example',
    signOutAction: '/admin/sign-out',
    csrf: 'sample-csrf',
  },
  workspace: 'Acme Inc',
  action: '/admin/workspaces/acme/rules',
  csrf: 'sample-csrf',
  revision: 7,
  checked: 'sample-checked',
  isDraft: false,
  notice: null,
  rules: [rule(1, 'okta-it', 'admin'), rule(2, 'okta-finance', 'finance'), rule(3, 'okta-sales', 'editor')],
  removed: [],
  roles: [
    { id: 'viewer', name: 'Viewer' },
    { id: 'editor', name: 'Editor' },
    { id: 'finance', name: 'Finance' },
    { id: 'admin', name: 'Administrator' },
  ],
  connections: [],
  groups: [],
  defaultRole: null,
  preview: null,
  lockOut: null,
  publish: { state: 'unchanged' },
  trial: { groups: '', details: null, connections: [], result: null },
};

const changed: AccessRulesView = {
  ...unchanged,
  isDraft: true,
  rules: [
    rule(1, 'okta-platform-admins', 'admin', { published: [{ what: 'group', value: 'okta-it', called: null }] }),
    rule(2, 'okta-finance', 'finance'),
    rule(3, 'okta-sales', 'viewer', { published: [{ what: 'role', value: 'Editor' }] }),
  ],
  preview: {
    people: 214,
    time: '14:32 UTC',
    kinds: [kind('becomesAdministrator', winners), kind('losesWrite', losers.slice(0, 11)), kind('stays', [], 200)],
    losing: 11,
    unknown: 0,
  },
  publish: { state: 'open', typed: '', problem: null },
};

const lockedOut: AccessRulesView = {
  ...changed,
  preview: {
    people: 214,
    time: '14:32 UTC',
    kinds: [kind('becomesAdministrator', winners), kind('losesWrite', losers), kind('stays', [], 199)],
    losing: 12,
    unknown: 0,
  },
  lockOut: { who: 'you', through: 'rule 1: group okta-it' },
  publish: { state: 'locked-out' },
};

export const samples: Record<string, AccessRulesView> = {
  everyday: changed,
  'no-change': unchanged,
  'locked-out': lockedOut,
  'nobody-left': {
    ...lockedOut,
    rules: [],
    removed: [
      { number: 1, sentence: 'People in the group okta-it get the role Administrator.' },
      { number: 2, sentence: 'People in the group okta-finance get the role Finance.' },
    ],
    lockOut: { who: 'everybody' },
  },
  empty: {
    ...unchanged,
    bar: { ...unchanged.bar, account: 'Dana Reyes' },
    rules: [],
  },
  'every-kind': {
    ...changed,
    notice: {
      tone: 'warn',
      title: 'The rules changed while this page was open',
      text: 'Your draft is kept. Look again at who it touches now.',
    },
    defaultRole: 'Viewer',
    rules: [
      rule(2, 'okta-finance', 'finance', { isMoved: true, published: [{ what: 'place', value: '2' }] }),
      rule(1, 'okta-it', 'admin', {
        connection: 'okta',
        conditions: [{ claim: '/department', is: 'IT\nSecurity' }],
        more: ['Only for people who sign in with Okta.', 'Only where /department is IT or Security.'],
      }),
      rule(null, 'okta-contractors', '*', { effect: 'deny' }),
      rule(3, 'okta-sales-*', 'editor', {
        until: '2027-01-31T18:00',
        isOpen: true,
        more: ['Until 31 January 2027 at 18:00 UTC.'],
        published: [
          { what: 'group', value: 'okta-sales', called: null },
          { what: 'more', value: 'no end' },
        ],
      }),
    ],
    connections,
    removed: [{ number: 4, sentence: 'People in the group okta-guests never get the role Editor.' }],
    preview: {
      people: 1_320,
      time: '14:32 UTC',
      kinds: [
        kind(
          'becomesAdministrator',
          winners.slice(0, 1).map((each) => ({ ...each, loses: 'Loses: Refund invoices' })),
        ),
        kind('gainsAccess', [person('Yuki Mori', 'No access', 'Viewer', 'everyone else')]),
        kind('stopsBeingAdministrator', [person('Lena Fuchs', 'Administrator', 'Editor', 'rule 4')]),
        kind(
          'losesAccess',
          losers.slice(0, 2).map((each) => ({ ...each, after: 'No access', why: 'rule 3 denies it' })),
          160,
        ),
        kind('losesWrite', losers.slice(2, 3)),
        kind('losesOtherwise', [person('Omar Haddad', 'Finance', 'Finance', 'rule 1', { loses: 'Loses: Refund invoices' })]),
        kind('changesOtherwise', [person('Ruth Levy', 'Viewer', 'Viewer, Finance', 'rule 1')]),
        kind('stays', [], 1_154),
      ],
      losing: 164,
      unknown: 17,
    },
    publish: { state: 'open', typed: '16', problem: '164 people lose something, not 16. Look who they are.' },
    trial: {
      groups: 'okta-sales-emea\nokta-contractors',
      details: '/title Lead',
      connections: connections.map((connection, index) => ({ ...connection, isChosen: index === 0 })),
      result: {
        roles: [],
        denied: [{ name: 'Editor', why: 'rule 3: group okta-contractors denies everything' }],
        open: ['Rule 2 may fit them, too: /department is not known.'],
        can: [],
        administers: false,
        published: 'Editor',
      },
    },
  },
  problems: {
    ...changed,
    rules: [
      rule(1, '', 'admin', {
        problems: [{ field: 'group', problem: 'Name the group this rule is about.' }],
        published: [{ what: 'group', value: 'okta-it', called: null }],
      }),
      rule(null, 'okta-new', '*', { problems: [{ field: 'role', problem: '“Any role” goes only with “never get”.' }] }),
    ],
    preview: null,
    publish: { state: 'problems' },
  },
  conditions: { ...changed, ...conditions },
  paused: {
    ...changed,
    notice: {
      tone: 'warn',
      title: 'You have looked at many drafts within a minute',
      text: 'Nothing was published, and your draft is kept. Look again in 24 seconds: each look goes through everybody.',
    },
    preview: null,
    publish: { state: 'paused' },
  },
  tried: {
    ...unchanged,
    publish: { state: 'from-file' },
    trial: {
      groups: 'okta-it\nokta-everyone',
      details: null,
      connections: [],
      result: {
        roles: [{ name: 'Administrator', why: 'rule 1: group okta-it gives it' }],
        denied: [],
        open: [],
        can: [
          {
            server: 'Acme Billing',
            titles: ['Look at invoices and customers', 'Send and void invoices'],
            tools: ['search_invoices', 'void_invoice'],
          },
        ],
        administers: true,
        published: null,
      },
    },
  },
  published: {
    ...unchanged,
    revision: 8,
    notice: { tone: 'ok', title: 'Published', text: 'These rules hold everywhere now.' },
    publish: { state: 'unchanged' },
  },
  'nobody-loses': {
    ...changed,
    preview: { ...nobody(214), kinds: [kind('becomesAdministrator', winners), kind('stays', [], 211)] },
  },
  'only-looking': { ...changed, publish: { state: 'only-looking' } },
  hostile: { ...changed, ...hostileRules },
};

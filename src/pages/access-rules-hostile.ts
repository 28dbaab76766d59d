/** The page on which a change to access rules is tried, made of what somebody might register as a name. */
import type { AccessRulesView } from './access-rules-view.ts';
import { kind, nobody, rule } from './access-rules-rows.ts';
import { hostile } from './hostile.ts';
import { sampleOrganisation } from './samples.ts';

export const hostileRules: Omit<AccessRulesView, 'action' | 'revision' | 'isDraft' | 'notice'> = {
  organisation: { ...sampleOrganisation, name: hostile.quotes, helpName: hostile.markup },
  bar: {
    signOutAction: '/admin/sign-out',
    places: [{ name: hostile.markup, href: '/admin/rules"><b>', isHere: true }],
    account: hostile.direction,
    csrf: hostile.quotes,
  },
  workspace: hostile.direction,
  csrf: hostile.quotes,
  checked: hostile.quotes,
  rules: [
    rule(1, hostile.markup, 'admin', {
      published: [
        { what: 'group', value: hostile.quotes },
        { what: 'role', value: hostile.long },
      ],
    }),
    rule(null, hostile.quotes, hostile.quotes, {
      problem: hostile.markup,
      more: [hostile.direction + hostile.long],
      carried: hostile.quotes,
    }),
  ],
  removed: [{ number: 2, sentence: `People in the group ${hostile.markup} get the role ${hostile.long}.` }],
  roles: [
    { id: 'admin', name: hostile.long },
    { id: hostile.quotes, name: hostile.markup },
  ],
  defaultRole: hostile.long,
  lockOut: { who: 'you', through: hostile.markup },
  preview: {
    ...nobody(3),
    kinds: [
      kind('losesWrite', [
        {
          name: hostile.markup,
          account: hostile.long,
          isYou: true,
          before: hostile.quotes,
          after: hostile.direction,
          why: hostile.markup,
          loses: hostile.markup,
        },
      ]),
      kind('stays', [], 2),
    ],
    losing: 1,
  },
  publish: { state: 'locked-out' },
  trial: {
    groups: `</textarea>${hostile.markup}\n${hostile.direction}`,
    connections: [
      { id: hostile.quotes, name: hostile.markup, isChosen: true },
      { id: 'b', name: hostile.long, isChosen: false },
    ],
    result: {
      roles: [{ name: hostile.markup, why: hostile.quotes }],
      denied: [{ name: hostile.long, why: hostile.direction }],
      open: [hostile.markup],
      can: [{ server: hostile.direction, titles: [hostile.markup], tools: [hostile.long] }],
      administers: true,
      published: hostile.markup,
    },
  },
};

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
      called: hostile.markup,
      published: [
        { what: 'group', value: hostile.quotes, called: hostile.direction },
        { what: 'more', value: hostile.markup },
        { what: 'role', value: hostile.long },
      ],
    }),
    rule(null, hostile.quotes, hostile.quotes, {
      called: hostile.direction + hostile.long,
      connection: hostile.quotes,
      until: hostile.quotes,
      conditions: [{ claim: hostile.markup, is: `</textarea>${hostile.markup}\n${hostile.direction}` }],
      isOpen: true,
      more: [hostile.direction + hostile.long],
      problems: [
        { field: 'group', problem: hostile.markup },
        { field: 'connection', problem: hostile.long },
        { field: 'until', problem: hostile.quotes },
        { field: 'claim.1', problem: hostile.direction },
        { field: 'is.1', problem: hostile.markup },
      ],
    }),
  ],
  removed: [{ number: 2, sentence: `People in the group ${hostile.markup} get the role ${hostile.long}.` }],
  roles: [
    { id: 'admin', name: hostile.long },
    { id: hostile.quotes, name: hostile.markup },
  ],
  connections: [
    { id: 'okta', name: hostile.markup },
    { id: 'b', name: hostile.long },
  ],
  groups: [
    { id: hostile.markup, name: hostile.quotes },
    { id: hostile.quotes, name: hostile.direction + hostile.long },
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
    details: `</textarea>${hostile.quotes}\n${hostile.direction}`,
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

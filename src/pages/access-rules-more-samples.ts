/** Sample rules that ask for more than a group, and groups with names. */
import { rule } from './access-rules-rows.ts';
import type { AccessRulesView } from './access-rules-view.ts';

export const connections = [
  { id: 'okta', name: 'Okta' },
  { id: 'entra', name: 'Microsoft' },
];

const platformTeam = '6f1c2b7e-0d34-4c11-9a53-2f7d0e5b8c90';

/** Groups by ids that say nothing, a way to sign in that has to be chosen, and everything else a rule can ask for. */
export const conditions: Pick<AccessRulesView, 'connections' | 'groups' | 'rules' | 'preview' | 'publish'> = {
  connections,
  groups: [
    { id: platformTeam, name: 'Platform team' },
    { id: '0b8e3c7d-5d1f-4f0a-8a67-9e2b1c4d5f60', name: 'Sales EMEA' },
  ],
  rules: [
    rule(1, platformTeam, 'admin', {
      called: 'Platform team',
      isOpen: true,
      published: [{ what: 'group', value: 'c3d1a0de-77aa-4b0e-9f7e-1a2b3c4d5e6f', called: 'IT Operations' }],
      problems: [
        {
          field: 'connection',
          problem: 'Choose one: this role is an administrator’s, and another way to sign in may have a group of the same name.',
        },
      ],
    }),
    rule(2, '', 'finance', {
      connection: 'entra',
      until: '2027-01-31T18:00',
      conditions: [
        { claim: '/department', is: 'Finance\nAccounting' },
        { claim: '', is: '' },
      ],
      isOpen: true,
      more: [
        'Only for people who sign in with Microsoft.',
        'Only where /department is Finance or Accounting.',
        'Until 31 January 2027 at 18:00 UTC.',
      ],
      published: [{ what: 'more', value: 'no end' }],
      problems: [
        { field: 'claim.2', problem: 'Say which detail, or remove this condition.' },
        { field: 'is.2', problem: 'Say what it has to be.' },
      ],
    }),
    rule(3, '0b8e3c7d-5d1f-4f0a-8a67-9e2b1c4d5f60', 'editor', {
      called: 'Sales EMEA',
      connection: 'entra',
      until: '2026-06-30T22:00',
      more: ['Only for people who sign in with Microsoft.', 'Ended on 30 June 2026 at 22:00 UTC.'],
    }),
  ],
  preview: null,
  publish: { state: 'problems' },
};

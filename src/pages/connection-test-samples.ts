import type { Somebody } from '../domain/connection-trial.ts';
import type { Finding } from '../domain/finding.ts';
import type { ConnectionTestView } from './connection-test.ts';
import { hostile } from './hostile.ts';
import { sampleOrganisation } from './samples.ts';

const passed = (title: string, says: string): Finding => ({ result: 'ok', title, says, todo: null });

const somebody: Somebody = {
  came: 'somebody',
  issuer: 'https://acme.okta.example',
  subject: '00u8c1t5x2QwErTyUiOpAsDfGhJkLzXcVbNmf3d7',
  name: 'Dana Reyes',
  email: 'dana@acme.example',
  groups: ['okta-billing', 'okta-everyone'],
  claims: {},
  assurance: {
    auth_time: 1_790_000_000,
    authTimeSource: 'id_token',
    acr: null,
    amr: ['mfa', 'pwd'],
    amrAsSaid: ['pwd', 'mfa'],
    mfa: true,
    phishingResistant: false,
    evidence: ['amr=mfa'],
  },
  received: [
    {
      from: 'ID token',
      claims: [
        { name: 'iss', text: 'https://acme.okta.example' },
        { name: 'sub', text: '00u8c1t5x2QwErTyUiOpAsDfGhJkLzXcVbNmf3d7' },
        { name: 'auth_time', text: '1790000000' },
        { name: 'amr', text: '["pwd","mfa"]' },
        { name: 'groups', text: '["okta-billing","okta-everyone"]' },
        { name: 'nonce', text: null },
      ],
      more: 0,
    },
  ],
};

const came = [
  passed('It sends people back to us', 'Our return address was accepted.'),
  passed('Its answer passed every check', 'Signature, sender, time and purpose are as they have to be.'),
  passed('We know who signed in', 'A name, an e-mail address and a permanent identifier arrived.'),
];

const everyday: ConnectionTestView = {
  organisation: sampleOrganisation,
  connection: 'Acme SSO (Okta)',
  findings: [
    ...came,
    passed('2 groups arrived', 'They are listed below.'),
    passed('A second step was proven', 'Proven by amr=mfa.'),
    passed('This person would get access', 'They would work in Acme Inc.'),
  ],
  somebody,
  places: [{ tenant: 'Acme Inc', roles: ['Editor'], rules: ['rule 1: group okta-billing gives editor'], lacks: [] }],
  pushed: null,
};

const unproven: Finding = {
  result: 'problem',
  title: 'The sign-in proved too little',
  says: 'Acme Inc asks for: second factor. Nothing that arrived counts as proof of a second step.',
  todo: 'Use a second step in the test; if you did, say under mfa of the connection what proves it.',
};

const shut: Finding = {
  result: 'problem',
  title: 'This person would not get in yet',
  says: 'The rules fit for Acme Inc, which would still be closed: the sign-in proved too little.',
  todo: 'First have the sign-in prove what is asked for.',
};

export const samples: Record<string, ConnectionTestView> = {
  'everything-well': everyday,
  'nothing-proven': {
    ...everyday,
    findings: [...came, passed('2 groups arrived', 'They are listed below.'), unproven, shut],
    somebody: { ...somebody, assurance: { ...somebody.assurance, auth_time: null, amr: [], amrAsSaid: [], mfa: false, evidence: [] } },
  },
  'groups-unknown': {
    ...everyday,
    findings: [
      ...came,
      {
        result: 'problem',
        title: 'The groups are unknown',
        says: 'No complete list of groups arrived where the connection looks for it. Unknown is not none, so everybody would be refused.',
        todo: 'Have it send the groups, or set claims.groups to where they are.',
      },
      passed('No second step was proven', 'Nothing that arrived counts as proof of a second step. Nobody asks for one here.'),
      {
        result: 'problem',
        title: 'This person would get no access',
        says: 'No rule fits, nobody named them, and there is no default role.',
        todo: 'Compare the groups below with the rules: names are compared exactly.',
      },
    ],
    somebody: { ...somebody, groups: null },
    places: [],
  },
  'not-provisioned': {
    ...everyday,
    findings: [
      ...came,
      {
        result: 'problem',
        title: 'This person is not provisioned',
        says: 'Not provisioned: they would be refused. No person that was told of by SCIM has the identifier that arrived.',
        todo: 'Assign them there, and have externalId filled with the permanent identifier. Then test again.',
      },
      passed('2 groups arrived', 'They are listed below.'),
      passed('A second step was proven', 'Proven by amr=mfa.'),
      {
        result: 'problem',
        title: 'This person would get no access',
        says: 'Provisioning keeps them out, whatever the rules would give.',
        todo: 'First have them provisioned and active.',
      },
    ],
    places: [],
  },
  provisioned: {
    ...everyday,
    findings: [
      ...came,
      passed('This person is provisioned', 'They are active, and in one group that was told beforehand.'),
      passed('Groups arrived, and were told beforehand', '2 came with the sign-in and 1 by provisioning. They are listed below.'),
      passed('A second step was proven', 'Proven by amr=mfa.'),
      passed('This person would get access', 'They would work in Acme Inc.'),
    ],
    pushed: ['okta-leads'],
  },
  refused: {
    ...everyday,
    findings: [
      {
        result: 'problem',
        title: 'Its answer did not pass our checks',
        says: 'An answer came, and we cannot be sure who it is about.',
        todo: 'The log has the reason, under the time of this test.',
      },
    ],
    somebody: null,
    places: [],
  },
  hostile: {
    ...everyday,
    connection: hostile.markup,
    findings: [{ result: 'problem', title: hostile.quotes, says: hostile.direction + hostile.markup, todo: hostile.long }],
    somebody: {
      ...somebody,
      issuer: hostile.host,
      subject: hostile.long,
      name: hostile.markup,
      email: hostile.quotes,
      groups: Array.from({ length: 60 }, (_, index) => `${hostile.direction}${index}`),
      assurance: { ...somebody.assurance, acr: hostile.template, amrAsSaid: [hostile.long], evidence: [hostile.markup] },
      received: [
        {
          from: 'userinfo',
          claims: [hostile.markup, hostile.quotes, hostile.direction].map((name) => ({ name, text: hostile.long + hostile.markup })),
          more: 12,
        },
      ],
    },
    places: [{ tenant: hostile.long, roles: [hostile.quotes], rules: [hostile.markup], lacks: ['second factor'] }],
  },
};

/** Sample views of the page that joins two sign-ins. */
import { hostile } from './hostile.ts';
import type { JoinView } from './join-view.ts';
import { sampleOrganisation } from './samples.ts';

const okta = { account: 'dana@acme.example', connectionName: 'Okta' };
const google = { account: 'dana.reyes@mail.example', connectionName: 'Google' };

const everyday: JoinView = {
  organisation: sampleOrganisation,
  signIns: [google, okta],
  proposal: { stays: 'second', apps: 2 },
  joinAction: '/authorize/sample-transaction/link/join',
  apartAction: '/authorize/sample-transaction/link/apart',
  transaction: 'sample-transaction',
  csrf: 'sample-csrf',
};

export const samples: Record<string, JoinView> = {
  everyday,
  'first-stays': { ...everyday, proposal: { stays: 'first', apps: 1 } },
  'no-app': { ...everyday, proposal: { stays: 'second', apps: 0 } },
  'joined-already': { ...everyday, proposal: { refused: { kind: 'joined-already' } } },
  'same-sign-in': { ...everyday, proposal: { refused: { kind: 'same-sign-in' } } },
  'two-factors': { ...everyday, proposal: { refused: { kind: 'two-factors' } } },
  'two-joined': { ...everyday, proposal: { refused: { kind: 'two-joined' } } },
  changed: { ...everyday, proposal: { refused: { kind: 'changed' } } },
  'not-fresh': { ...everyday, signIns: [google], proposal: { refused: { kind: 'not-fresh', connection: 'Google' } } },
  hostile: {
    ...everyday,
    organisation: { ...sampleOrganisation, name: hostile.quotes, helpName: hostile.markup },
    signIns: [
      { account: hostile.markup, connectionName: hostile.direction },
      { account: hostile.long, connectionName: hostile.quotes },
    ],
    joinAction: '/join"><b>',
    transaction: hostile.quotes,
    csrf: hostile.quotes,
  },
  'refused.hostile': {
    ...everyday,
    organisation: { ...sampleOrganisation, helpName: hostile.quotes },
    signIns: [{ account: hostile.direction, connectionName: hostile.markup }],
    proposal: { refused: { kind: 'not-fresh', connection: hostile.markup } },
  },
};

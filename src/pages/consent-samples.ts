/** Sample views of the decision page. */
import type { ConsentView } from './consent-view.ts';
import { hostile } from './hostile.ts';
import { changedNotice } from './notice.ts';
import { sampleOrganisation } from './samples.ts';

const look = {
  name: 'invoices.read',
  title: 'Look at invoices and customers',
  note: 'It can’t change anything.',
  changes: false,
  tools: ['list_invoices', 'get_invoice', 'find_customer'],
  state: 'ticked',
  reason: null,
} as const;
const send = {
  name: 'invoices.write',
  title: 'Create and send invoices',
  note: 'Customers receive what it sends, in your name.',
  changes: true,
  tools: ['create_invoice', 'send_invoice'],
  state: 'unticked',
  reason: null,
} as const;
const refund = {
  name: 'refunds.write',
  title: 'Refund payments',
  note: '',
  changes: true,
  tools: ['refund_payment'],
  state: 'unavailable',
  reason: 'Not available: in Acme Inc you are an Editor, and refunds need the Finance role. Acme IT can change that.',
} as const;
const inc = { id: 'acme-inc', name: 'Acme Inc', roleTitle: 'Editor', chosen: true, needsStepUp: false };
const labs = { id: 'acme-labs', name: 'Acme Labs', roleTitle: 'Viewer', chosen: false, needsStepUp: false };

const everyday: ConsentView = {
  organisation: sampleOrganisation,
  app: { name: 'Lantern Code', verifiedHost: 'lantern.example' },
  resource: { name: 'Acme Billing', host: 'billing.tools.acme.example' },
  account: { name: 'Dana Reyes', email: 'dana@acme.example', connectionName: 'Okta' },
  otherAccountAction: '/other-account',
  linkAction: null,
  tenants: [inc, labs],
  tenantIsGiven: false,
  scopes: [look, send, refund],
  lasts: { title: 'Until 30 days unused', note: 'or until you disconnect it' },
  returnTo: { kind: 'loopback', host: 'localhost:53682' },
  notice: null,
  action: '/decide',
  tenantAction: '/workspace',
  buttons: { approve: 'Approve', deny: 'Deny' },
  transaction: 'sample-transaction',
  csrf: 'sample-csrf',
};

const manyTools = Array.from({ length: 15 }, (_, index) => `report_${String(index + 1)}`);
const payloads = [hostile.markup, hostile.quotes, hostile.direction, hostile.template, hostile.long, hostile.host, 'plain'];

export const samples: Record<string, ConsentView> = {
  everyday,
  'more-asked': {
    ...everyday,
    scopes: [
      { ...look, state: 'granted' },
      { ...send, state: 'ticked' },
      { ...look, name: 'reports', title: 'Look at reports', tools: manyTools },
    ],
    tenants: [inc],
  },
  'step-up': { ...everyday, tenants: [inc, { ...labs, needsStepUp: true }], returnTo: { kind: 'web', host: 'lantern.example', own: true } },
  'can-join': { ...everyday, linkAction: '/link' },
  joined: {
    ...everyday,
    notice: {
      tone: 'ok',
      title: 'Your accounts are joined',
      text: 'Whichever of the two you sign in with, you are the same person here from now on.',
    },
  },
  'given-workspace': { ...everyday, tenants: [inc], tenantIsGiven: true },
  'given-workspace.hostile': {
    ...everyday,
    tenants: [{ id: hostile.quotes, name: hostile.markup, roleTitle: hostile.direction, chosen: true, needsStepUp: false }],
    tenantIsGiven: true,
  },
  unverified: {
    ...everyday,
    app: { name: 'Paperclip Helper', verifiedHost: null },
    returnTo: { kind: 'web', host: 'app.paperclip.example', own: false },
    account: { ...everyday.account, email: null },
  },
  changed: {
    ...everyday,
    notice: changedNotice('Your role in Acme Inc is now Editor.'),
    returnTo: { kind: 'app', scheme: 'lantern-code' },
    buttons: { approve: 'Allow', deny: 'Cancel' },
  },
  hostile: {
    ...everyday,
    organisation: { ...sampleOrganisation, name: hostile.markup, helpName: hostile.quotes },
    app: { name: hostile.quotes, verifiedHost: hostile.host },
    resource: { name: hostile.markup, host: hostile.host },
    linkAction: '/link"><b>',
    account: { name: hostile.direction, email: hostile.markup, connectionName: hostile.long },
    tenants: payloads.map((name, index) => ({ id: name, name, roleTitle: name, chosen: index === 0, needsStepUp: index === 1 })),
    scopes: payloads.map((name, index) => ({
      name,
      title: name,
      note: name,
      changes: index % 2 === 0,
      tools: payloads,
      state: (['ticked', 'unticked', 'unavailable', 'granted'] as const)[index % 4] ?? 'ticked',
      reason: name,
    })),
    lasts: { title: hostile.markup, note: hostile.long },
    returnTo: { kind: 'web', host: hostile.host, own: false },
    notice: { tone: 'warn', title: hostile.long, text: hostile.markup },
    buttons: { approve: hostile.markup, deny: hostile.quotes },
    transaction: hostile.quotes,
    csrf: hostile.quotes,
  },
};

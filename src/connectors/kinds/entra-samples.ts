import type { ClaimsSample } from './kind.ts';

export const exampleTenant = '11112222-3333-4444-5555-666677778888';
const ana = { tid: exampleTenant, oid: '66663333-2222-4444-8888-000011112222', ver: '2.0' };
const subject = `${ana.tid}:${ana.oid}`;

/** What Entra's ID tokens look like, too many groups and accounts from elsewhere included. */
export const entraSamples: readonly ClaimsSample[] = [
  {
    what: 'an employee who satisfied the context',
    from: 'documented',
    claims: {
      sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
      ...ana,
      groups: ['0e5f0b4e-3f2a-4a53-9a51-8d9f3e3a7c11'],
      acrs: ['c1'],
    },
    means: { subject: subject, email: null, groups: ['0e5f0b4e-3f2a-4a53-9a51-8d9f3e3a7c11'], mfa: true },
  },
  {
    what: 'the context as a single text, and an address the directory owns',
    from: 'assumed',
    claims: { sub: 'AAA', ...ana, email: 'ana@acme.example', xms_edov: '1', groups: [], acrs: 'c1' },
    means: { subject: subject, email: 'ana@acme.example', groups: [], mfa: true },
  },
  {
    what: 'too many groups for the token: unknown, not none',
    from: 'documented',
    claims: {
      sub: 'AAA',
      ...ana,
      _claim_names: { groups: 'src1' },
      _claim_sources: { src1: { endpoint: 'https://graph.example/x' } },
    },
    means: { subject: subject, groups: null, mfa: false },
  },
  {
    what: 'an address written into another directory',
    from: 'documented',
    claims: { sub: 'AAA', ...ana, tid: '99992222-3333-4444-5555-666677778888', email: 'ana@acme.example', groups: [] },
    means: 'foreign',
  },
  {
    what: 'a guest',
    from: 'documented',
    claims: { sub: 'AAA', ...ana, idp: 'https://sts.windows.net/99992222-3333-4444-5555-666677778888/', acct: 1, groups: [] },
    means: 'foreign',
  },
];

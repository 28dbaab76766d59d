import { describe, expect, it } from '@jest/globals';
import { demoConfig } from '../../src/config/demo.ts';
import { directoryOf } from '../../src/config/directory.ts';
import { findingsOf, type Somebody } from '../../src/domain/connection-trial.ts';
import { receivedClaims } from '../../src/domain/received-claims.ts';
import { nothingProven } from '../support/assurance.ts';

const directory = directoryOf(demoConfig(4000, { client_secret: 'stub' }));
const ana: Somebody = {
  came: 'somebody',
  issuer: 'https://login.microsoftonline.com/t/v2.0',
  subject: 't:o',
  name: 'Ana',
  email: null,
  groups: null,
  claims: {},
  assurance: nothingProven,
  received: [],
};
const lookup = (claims: Record<string, unknown>) => [
  receivedClaims({ from: 'group lookup', claims: { asked: 'https://graph.microsoft.com', ...claims } }),
];
const groupsOf = (somebody: Somebody) => findingsOf(somebody, [], directory, 0).find(({ title }) => /groups/i.test(title));

describe('what a tried sign-in tells of groups', () => {
  it('why a directory did not tell them, which is in nobody’s token', () => {
    const failed = groupsOf({ ...ana, received: lookup({ failed: 'status 403' }) });
    expect(failed).toMatchObject({ result: 'problem', title: 'The groups are unknown' });
    expect([failed?.says, failed?.todo].join(' ')).toMatch(/did not tell them all: status 403\..*groupLookup/);
  });

  it('that none arrived where no directory was asked, and that some did where one answered', () => {
    expect(groupsOf(ana)?.says).toMatch(/No complete list/);
    expect(groupsOf({ ...ana, groups: ['g1', 'g2'], received: lookup({ groups: ['g1', 'g2'] }) })).toMatchObject({
      result: 'ok',
      title: '2 groups arrived',
    });
  });
});

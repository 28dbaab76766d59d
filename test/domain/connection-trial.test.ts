import { describe, expect, it } from '@jest/globals';
import { demoConfig } from '../../src/config/demo.ts';
import { directoryOf } from '../../src/config/directory.ts';
import { findingsOf, placesFor, type Somebody } from '../../src/domain/connection-trial.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import type { ProvisionedUser } from '../../src/domain/provisioned.ts';
import { toldBeforehand } from '../../src/domain/trial-provisioning.ts';
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
const groupsOf = (somebody: Somebody) =>
  findingsOf(somebody, [], { directory, told: null, now: 0 }).find(({ title }) => /groups/i.test(title));

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

describe('what a tried sign-in tells of provisioning', () => {
  const connectionId = ConnectionId.parse('demo');
  const provisioning = (isRequired: boolean) => ({ issuer: ana.issuer, subjectPrefix: '', isRequired });
  const row = (changed: Partial<ProvisionedUser> = {}): ProvisionedUser => ({
    id: 'p',
    connectionId,
    userName: 'ana',
    userNameKey: 'demo:ana',
    active: true,
    attributes: {},
    groups: [{ id: 'g', displayName: 'it-admins', externalId: 'x1' }],
    version: 1,
    createdAt: 1,
    changedAt: 1,
    ...changed,
  });
  const tried = (user: ProvisionedUser | null, groups: string[] | null, isRequired = true) => {
    const setting = { directory, told: toldBeforehand(user, provisioning(isRequired)), now: 0 };
    const somebody = { ...ana, name: 'Ana', email: 'a@b.example', groups };
    const places = placesFor(somebody, connectionId, setting);
    const findings = findingsOf(somebody, places, setting);
    return {
      places,
      problems: findings.filter(({ result }) => result === 'problem').map(({ title }) => title),
      words: JSON.stringify(findings),
    };
  };

  it('that somebody who is not provisioned would be refused, whatever their groups', () => {
    const { places, problems, words } = tried(null, ['it-admins']);
    expect([places, problems]).toEqual([[], ['This person is not provisioned', 'This person would get no access']]);
    expect(words).toContain('Not provisioned: they would be refused.');
  });

  it('that somebody who was deactivated would be, also where that is not required', () => {
    for (const isRequired of [true, false]) {
      const { places, problems } = tried(row({ active: false }), ['it-admins'], isRequired);
      expect([places, problems]).toEqual([[], ['This person was deactivated', 'This person would get no access']]);
    }
  });

  it('that who was not provisioned comes in where that is not required, by the groups of the sign-in', () => {
    const { places, problems, words } = tried(null, ['it-admins'], false);
    expect([places.length > 0, problems]).toEqual([true, []]);
    expect(words).toContain('required: false');
  });

  it('which groups count: those that were pushed, beside those that arrived or alone', () => {
    const pushed = tried(row(), []);
    expect([pushed.places.flatMap(({ rules }) => rules).join(), pushed.problems]).toEqual([expect.stringContaining('it-admins'), []]);
    expect(pushed.words).toContain('0 came with the sign-in and 2 by provisioning');
    const alone = tried(row(), null);
    expect([alone.places, alone.problems]).toEqual([pushed.places, []]);
    expect(alone.words).toContain('those count alone');
    // In no group at all, and the sign-in does not say: unknown, as at a real one.
    expect(tried(row({ groups: [] }), null).problems).toContain('The groups are unknown');
  });

  it('nothing, where nobody is provisioned', () => {
    const setting = { directory, told: toldBeforehand(row({ active: false }), undefined), now: 0 };
    const somebody = { ...ana, groups: ['it-admins'] };
    expect([setting.told, placesFor(somebody, connectionId, setting).length > 0]).toEqual([null, true]);
    expect(JSON.stringify(findingsOf(somebody, [], setting))).not.toMatch(/provision/i);
  });
});

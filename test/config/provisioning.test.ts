import { describe, expect, it } from '@jest/globals';
import { directoryOf } from '../../src/config/directory.ts';
import { validate } from '../../src/config/load.ts';
import { ConfigProblems } from '../../src/config/problems.ts';
import { entraSamples } from '../../src/connectors/kinds/entra-samples.ts';
import { kinds } from '../../src/connectors/kinds/known.ts';
import { exampleTenant } from '../../src/connectors/kinds/entra-samples.ts';
import { identityKey } from '../../src/domain/identity.ts';
import { readUser, userFields } from '../../src/domain/scim-user.ts';
import { exampleDocument } from '../support/example-config.ts';

const configured = (...connections: Record<string, unknown>[]) =>
  validate(
    exampleDocument({
      connections: connections.map((each) => ({ id: 'corp', name: 'Corp', client_id: 'us', client_secret: 's', ...each })),
    }),
  );
const entryOf = (connection: Record<string, unknown>) => directoryOf(configured(connection)).connections[0];
const scim = { scim: true };

describe('the sign-in by which a provisioned person is found', () => {
  it.each(kinds.map((kind) => [kind.type, kind] as const))('%s: issuer and subject are those its tokens lead to', (type, kind) => {
    const entry = entryOf({ type, ...kind.example, provisioning: scim });
    const { issuer, subject = ['/sub'] } = kind.profile(kind.example);
    const subjectPrefix = subject.length === 1 ? '' : `${exampleTenant}:`;
    expect(entry?.provisioning).toEqual({ issuer, subjectPrefix, isRequired: true });
  });

  it('Entra: the object id of a sample of its tokens is the external id, and the keys are the same', () => {
    const entry = entryOf({ type: 'entra', tenant: exampleTenant, provisioning: scim });
    const sample = entraSamples.find(({ means }) => means !== 'foreign');
    if (entry?.provisioning === undefined || sample === undefined || sample.means === 'foreign') throw new Error('nothing to compare');
    const { id: connectionId, provisioning } = entry;
    const { identityId } = userFields(readUser({ userName: 'ana', externalId: sample.claims['oid'] }, null), connectionId, provisioning);
    expect(identityId).toBe(identityKey({ connectionId, issuer: provisioning.issuer, subject: sample.means.subject }));
    expect(userFields(readUser({ userName: 'ana' }, null), connectionId, provisioning)).not.toHaveProperty('identityId');
  });

  it('nobody is provisioned unless it says so, and who was not may come in too where it says so', () => {
    const entra = { type: 'entra', tenant: exampleTenant };
    expect(entryOf(entra)).not.toHaveProperty('provisioning');
    expect(entryOf({ ...entra, provisioning: { ...scim, required: false } })?.provisioning?.isRequired).toBe(false);
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      'several tenants, of which nobody could tell whose people they are',
      { allowedTenants: ['11111111-2222-4333-8444-555555555555'], provisioning: scim },
      'connections[0].provisioning',
    ],
    ['false, which says nothing', { provisioning: { scim: false } }, 'connections[0].provisioning.scim'],
    ['nothing', { provisioning: {} }, 'connections[0].provisioning.scim'],
  ])('is refused with %s', (_, more, key) => {
    let problems: readonly { readonly key: string }[] = [];
    try {
      configured({ type: 'entra', tenant: exampleTenant, ...more });
    } catch (error) {
      if (!(error instanceof ConfigProblems)) throw error;
      ({ problems } = error);
    }
    expect(problems.map((problem) => problem.key)).toEqual([key]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findConnection } from '../../src/domain/directory.ts';
import { identityKey } from '../../src/domain/identity.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import type { HeldGroup } from '../../src/domain/provisioned.ts';
import { readUser, userFields } from '../../src/domain/scim-user.ts';
import { settleIdentity } from '../../src/flows/steps/settle-identity.ts';
import { users } from '../../src/stores/collections.ts';
import { alice, openFlowWorld } from '../support/flow-world.ts';
import { provisioned } from '../support/scim.ts';

let world: Awaited<ReturnType<typeof openFlowWorld>>;
let lenient: typeof world;
beforeAll(async () => {
  [world, lenient] = await Promise.all([openFlowWorld({ configure: provisioned() }), openFlowWorld({ configure: provisioned(false) })]);
});
afterAll(() => Promise.all([world.close(), lenient.close()]));

/** Somebody with these groups, as provisioned; null is somebody in none. */
async function provision(
  where: typeof world,
  { connectionId, issuer, subject }: VerifiedIdentity,
  groups: readonly HeldGroup[],
  active = true,
) {
  const provisioning = findConnection(where.directory, connectionId)?.provisioning;
  if (provisioning === undefined || provisioning.issuer !== issuer) throw new Error('nobody is provisioned there');
  const fields = userFields(readUser({ userName: subject, externalId: subject, active }, null), connectionId, provisioning);
  await where.provisionedUsers.add({ id: subject, connectionId, ...fields, groups: [...groups], version: 1, createdAt: 1, changedAt: 1 });
  expect(fields.identityId).toBe(identityKey({ connectionId, issuer, subject }));
}
const rolesOf = async (where: typeof world, who: VerifiedIdentity) =>
  (await settleIdentity(where)(who)).roles.map(({ role, rule }) => `${role}: ${rule}`).sort();
const refusal = (kind: string) => expect.objectContaining({ name: 'PageRefusal', kind });
const group = (displayName: string, externalId?: string): HeldGroup => ({
  id: displayName,
  displayName,
  ...(externalId === undefined ? {} : { externalId }),
});

describe('the groups that count at a sign-in', () => {
  it('are those of the token and those that were provisioned, each under its name and the id its directory has for it', async () => {
    const who = alice({ subject: 'both' });
    await provision(world, who, [group('Administrators', 'it-admins'), group('support')]);
    const roles = await rolesOf(world, who);
    expect(roles.map((role) => role.split(':')[0])).toEqual(['admin', 'editor', 'viewer', 'viewer']);
    expect(roles[0]).toContain('it-admins');
  });

  it('are those that were provisioned where the token does not say; somebody in none of whom it does not say is unknown', async () => {
    const [known, unknown] = [alice({ subject: 'known', groups: null }), alice({ subject: 'unknown', groups: null })];
    await provision(world, known, [group('it-admins')]);
    await provision(world, unknown, []);
    expect((await rolesOf(world, known)).map((role) => role.split(':')[0])).toEqual(['admin']);
    await expect(rolesOf(world, unknown)).rejects.toEqual(refusal('groups-unknown'));
  });

  it('are those of nobody who was not provisioned or is not active, and nobody is made by trying', async () => {
    const [stranger, leaver] = [alice({ subject: 'stranger' }), alice({ subject: 'leaver' })];
    await provision(world, leaver, [group('it-admins')], false);
    const before = (await world.engine.page(users)).length;
    for (const who of [stranger, leaver]) await expect(rolesOf(world, who)).rejects.toEqual(refusal('no-access'));
    expect((await world.engine.page(users)).length).toBe(before);
  });

  it('are those of the token for who was not provisioned, where such people may come in, and of nobody who is not active', async () => {
    const [stranger, leaver] = [alice({ subject: 'stranger' }), alice({ subject: 'leaver' })];
    await provision(lenient, leaver, [], false);
    expect((await rolesOf(lenient, stranger)).map((role) => role.split(':')[0])).toEqual(['editor', 'viewer']);
    await expect(rolesOf(lenient, leaver)).rejects.toEqual(refusal('no-access'));
  });
});

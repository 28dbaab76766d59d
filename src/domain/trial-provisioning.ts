import type { Finding } from './finding.ts';
import { bad, good } from './finding.ts';
import type { ProvisionedUser, Provisioning } from './provisioned.ts';
import { provisionedGroups } from './provisioned.ts';

/** What a connection told beforehand of somebody who signs in. */
export interface ToldBeforehand {
  readonly of: 'active' | 'inactive' | 'nobody';
  /** Null for who stays outside by it. */
  readonly groups: readonly string[] | null;
}

/** Null at a connection where nobody is told of beforehand. */
export function toldBeforehand(user: ProvisionedUser | null, provisioning: Provisioning | undefined): ToldBeforehand | null {
  if (provisioning === undefined) return null;
  const of = user === null ? 'nobody' : user.active ? 'active' : 'inactive';
  return { of, groups: provisionedGroups(user, provisioning) };
}

/** The groups that count for somebody: those of the sign-in and those told beforehand; null when neither is known. */
export function groupsThatCount(arrived: readonly string[] | null, told: ToldBeforehand | null): string[] | null {
  const pushed = told?.groups ?? [];
  if (arrived === null) return pushed.length > 0 ? [...pushed] : null;
  return [...new Set([...arrived, ...pushed])];
}

const groupsInWords = (count: number): string => (count === 1 ? 'one group' : `${count === 0 ? 'no' : count} groups`);

/** Whether provisioning lets the person in. */
export function provisioningFinding({ of, groups }: ToldBeforehand): Finding {
  if (of === 'active')
    return good('This person is provisioned', `They are active, and in ${groupsInWords(groups?.length ?? 0)} that was told beforehand.`);
  if (of === 'inactive') {
    const says = 'The identity provider said by SCIM that this person is not active, so they would be refused.';
    return bad('This person was deactivated', says, 'Assign them to the application again there, and wait until it has provisioned them.');
  }
  if (groups !== null)
    return good('This person is not provisioned', 'They would come in all the same, since provisioning is not required (required: false).');
  const says = 'Not provisioned: they would be refused. No person that was told of by SCIM has the identifier that arrived.';
  const todo =
    'Assign them there, and have externalId filled with the permanent identifier: at Okta the user id, at Entra objectId. Then test again.';
  return bad('This person is not provisioned', says, todo);
}

/** The groups of a sign-in where more were told beforehand, or those alone. */
export function pushedFinding(arrived: readonly string[] | null, pushed: readonly string[]): Finding {
  if (arrived !== null) {
    const says = `${arrived.length} came with the sign-in and ${pushed.length} by provisioning. They are listed below.`;
    return good('Groups arrived, and were told beforehand', says);
  }
  return {
    result: 'warning',
    title: 'The groups are those that were provisioned',
    says: `No complete list arrived with the sign-in. This person is in ${groupsInWords(pushed.length)} by provisioning, and those count alone.`,
    todo: 'Nothing, if all groups that rules name are pushed. Whoever is in none of them is refused.',
  };
}

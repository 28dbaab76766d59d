import { heldRoles } from '../domain/held-roles.ts';
import type { RoleId } from '../domain/ids.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Identity } from '../domain/user.ts';
import { allAsTold, asTold } from './steps/as-told.ts';
import type { Member } from './steps/member-of.ts';
import { belongs, memberFrom } from './steps/member-of.ts';
import type { OtherAdministratorsDependencies } from './steps/other-administrators.ts';
import { assignedIn } from './steps/other-administrators.ts';

export interface MemberPage {
  readonly members: readonly Member[];
  /** The identity to go on after; null at the end. */
  readonly next: string | null;
}

export interface MemberQuery {
  readonly after: string;
  readonly most: number;
  /** Only people who have it. */
  readonly role: RoleId | null;
}

/** How many identities one request looks at; a page may come back short, and says where to go on. */
const mostSeen = 5000;

/** The people of a tenant, each once however many sign-ins they have, in the order of the store. */
export const listMembers = (dependencies: OtherAdministratorsDependencies) => {
  const { users, rows, clock } = dependencies;

  return async (tenant: Tenant, { after, most, role }: MemberQuery): Promise<MemberPage> => {
    const assigned = await assignedIn(dependencies, tenant);
    const isHere = (told: Identity | null) =>
      told !== null && heldRoles(tenant, told, assigned.get(told.userId) ?? null, clock.now()).length > 0;

    /** The whole person, where this is the first of their sign-ins that leads here. */
    async function personOf(identity: Identity): Promise<Member | null> {
      const [user, all] = await Promise.all([users.get(identity.userId), users.identitiesOf(identity.userId)]);
      const told = await allAsTold(dependencies)(all);
      if (user === null || told.some((other) => other.id < identity.id && isHere(other))) return null;
      return memberFrom(tenant, user, told, assigned.get(identity.userId) ?? null, clock.now());
    }

    const members: Member[] = [];
    let [seen, last] = [0, after];
    for await (const page of rows.identities(after)) {
      for (const identity of page) {
        if (members.length >= most || seen >= mostSeen) return { members, next: last };
        [seen, last] = [seen + 1, identity.id];
        const member = isHere(await asTold(dependencies)(identity)) ? await personOf(identity) : null;
        if (member !== null && belongs(member) && (role === null || member.roles.some((held) => held.role === role))) members.push(member);
      }
    }
    return { members, next: null };
  };
};

import { AdministrationRefused, isAdministratorRole, isPlatform, isWithinReach } from '../domain/administration.ts';
import type { Administration } from '../domain/directory.ts';
import { rolesOf } from '../domain/held-roles.ts';
import type { ConnectionId, RoleId, UserId } from '../domain/ids.ts';
import type { HeldRole } from '../domain/role-mapping.ts';
import type { Standing } from '../domain/standing.ts';
import type { Membership, Tenant } from '../domain/tenant.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Memberships } from '../ports/memberships.ts';
import { allAsTold } from './steps/as-told.ts';
import type { Member } from './steps/member-of.ts';
import { memberFrom, memberOf } from './steps/member-of.ts';
import type { OtherAdministratorsDependencies } from './steps/other-administrators.ts';
import { hasOtherAdministrator } from './steps/other-administrators.ts';
import { someoneHere } from './steps/someone-here.ts';

export interface AssignDependencies extends OtherAdministratorsDependencies {
  readonly memberships: Pick<Memberships, 'get' | 'ofUser' | 'assign'>;
  readonly audit: AuditLog;
}

/** Who does it, to whom and where. */
export interface RoleChange {
  readonly standing: Standing;
  readonly administration: Administration;
  readonly tenant: Tenant;
  readonly userId: UserId;
  readonly role: RoleId;
  /** The version that has to be there; null takes any. */
  readonly ifVersion: number | null;
}

const attempts = 5;

/** Through which connections, and until when (ms), as far as it is given at all. */
const howLong = (held: readonly HeldRole[], role: RoleId): string =>
  held
    .filter((each) => each.role === role)
    .map(({ connectionId, expiresAt }) => `through ${connectionId}${expiresAt === undefined ? '' : ` until ${expiresAt}`}, `)
    .join('');

function writing({ memberships, audit }: AssignDependencies, { standing, tenant, userId, role, ifVersion }: RoleChange) {
  /** Reads, judges, records and writes; again where somebody else wrote meanwhile, unless the caller named the version. What was there before, or null where there was nothing to do. */
  return async (
    event: 'role.assigned' | 'role.taken',
    change: (before: readonly HeldRole[]) => readonly HeldRole[] | null,
  ): Promise<Pick<Membership, 'version' | 'roles'> | null> => {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const before = await memberships.get(tenant.id, userId);
      const version = before?.version ?? 0;
      if (ifVersion !== null && ifVersion !== version) throw new AdministrationRefused('stale');
      const next = change(before?.roles ?? []);
      if (next === null) return null;
      const about = { userId, tenantId: tenant.id, adminId: standing.user.id, role };
      await audit.append({ ...about, event, rule: `by hand, ${howLong(next, role)}version ${version + 1}` }, 'again');
      if (await memberships.assign(tenant.id, userId, version, next)) return { version, roles: before?.roles ?? [] };
    }
    throw new StoreUnavailable('what is assigned to somebody kept changing while it was being written');
  };
}

const isSame = (a: HeldRole, b: HeldRole) => a.role === b.role && a.connectionId === b.connectionId;

/** Gives somebody a role by hand, for whenever they come through one connection, until it ends. Doing it again changes nothing. */
export const assignRole =
  (dependencies: AssignDependencies) =>
  async (change: RoleChange, given: { readonly connectionId: ConnectionId; readonly expiresAt: number | null }): Promise<Member> => {
    const { directory, users, clock } = dependencies;
    const { standing, administration, tenant, userId, role: id } = change;
    const member = await someoneHere(dependencies)(change);
    const role = directory.roles.find((each) => each.id === id);
    if (role === undefined) throw new AdministrationRefused('not-found');
    if (!isWithinReach(standing, role.permissions, administration)) throw new AdministrationRefused('beyond-reach');
    const { connectionId, expiresAt } = given;
    // Nobody makes what they have last longer than it does, for themselves or for others.
    const outlasts = standing.endsAt !== null && (expiresAt === null || expiresAt > standing.endsAt);
    const isOwn = userId === standing.user.id;
    if (!isPlatform(standing, administration) && (isOwn || outlasts)) throw new AdministrationRefused('beyond-reach');
    if (expiresAt !== null && expiresAt <= clock.now()) throw new AdministrationRefused('over-already');
    const known = await users.identitiesOf(userId);
    if (!known.some((identity) => identity.connectionId === connectionId)) throw new AdministrationRefused('other-connection');
    const ends = expiresAt === null ? {} : { expiresAt };
    const held: HeldRole = { role: id, connectionId, rule: `assigned by ${standing.user.id}`, source: 'assigned', ...ends };
    await writing(dependencies, change)('role.assigned', (before) => {
      const there = before.find((each) => isSame(each, held));
      if (there?.source === 'assigned' && there.expiresAt === held.expiresAt) return null;
      return [...before.filter((each) => !isSame(each, held)), held];
    });
    return (await memberOf(dependencies)(tenant, userId)) ?? member;
  };

const isTaken = (id: RoleId, held: HeldRole) => held.role === id && held.source === 'assigned';

/** Whether a tenant would have an administrator left if this were taken. */
function leavesOne(dependencies: AssignDependencies, { tenant, userId, role: id }: RoleChange, { user }: Member) {
  const { directory, users, memberships, clock } = dependencies;
  return async (): Promise<boolean> => {
    if (!directory.roles.some((role) => role.id === id && isAdministratorRole(role))) return true;
    const [known, before] = await Promise.all([users.identitiesOf(userId), memberships.get(tenant.id, userId)]);
    const after = before === null ? null : { ...before, roles: before.roles.filter((held) => !isTaken(id, held)) };
    const { roles } = memberFrom(tenant, user, await allAsTold(dependencies)(known), after, clock.now());
    if (user.status === 'active' && rolesOf(roles, directory.roles).some(isAdministratorRole)) return true;
    return hasOtherAdministrator(dependencies)(tenant, userId);
  };
}

/** Takes a role away that was given by hand; one that rules give stays. Nobody takes the last administrator’s. */
export const takeRole =
  (dependencies: AssignDependencies) =>
  async (change: RoleChange): Promise<Member> => {
    const { directory, memberships, audit } = dependencies;
    const { standing, administration, tenant, userId, role: id } = change;
    const member = await someoneHere(dependencies)(change);
    const permissions = directory.roles.find((each) => each.id === id)?.permissions ?? [];
    if (!isWithinReach(standing, permissions, administration)) throw new AdministrationRefused('beyond-reach');
    const isFine = leavesOne(dependencies, change, member);
    if (!(await isFine())) throw new AdministrationRefused('last-administrator');
    const taken = await writing(dependencies, change)('role.taken', (roles) => {
      const kept = roles.filter((held) => !isTaken(id, held));
      if (kept.length < roles.length) return kept;
      if (member.roles.some((held) => held.role === id)) throw new AdministrationRefused('not-assigned');
      return null;
    });
    // Asked once more: of two who take each other's at the same moment each sees that nobody is left, and gives it back.
    if (taken !== null && !(await isFine())) {
      const about = { userId, tenantId: tenant.id, adminId: standing.user.id, role: id };
      await audit.append({ ...about, event: 'role.assigned', rule: 'given back: nobody else would administer' }, 'again');
      await memberships.assign(tenant.id, userId, taken.version + 1, taken.roles);
      throw new AdministrationRefused('last-administrator');
    }
    return (await memberOf(dependencies)(tenant, userId)) ?? member;
  };

import type { ConnectionId } from './ids.ts';
import type { Membership } from './tenant.ts';
import type { HeldRole, RoleRules } from './role-mapping.ts';
import { mapRoles } from './role-mapping.ts';
import type { Role } from './resource.ts';
import type { Identity } from './user.ts';

/** Whether it was given by hand. What else stands in a row is from before roles were computed. */
export const isAssigned = ({ source }: HeldRole): boolean => source === 'assigned';

const isOver = ({ expiresAt }: HeldRole, now: number): boolean => expiresAt !== undefined && expiresAt <= now;

/** What a row gives somebody through a connection at this moment (ms since the epoch). */
export const givenThrough = (connectionId: ConnectionId, roles: readonly HeldRole[], now: number): HeldRole[] =>
  roles.filter((held) => held.connectionId === connectionId && !isOver(held, now));

/**
 * The roles somebody has in a tenant at this moment (ms since the epoch) by the connection of this identity: what the rules make of what it
 * last said, and what was assigned by hand. A row from before roles were computed stands until it next says something.
 */
export function heldRoles(rules: RoleRules, identity: Identity, membership: Membership | null, now: number): HeldRole[] {
  const { connectionId, subject, known } = identity;
  const given = givenThrough(connectionId, membership?.roles ?? [], now);
  if (known === undefined) return given;
  return mapRoles(rules, { connectionId, subject, ...known }, given.filter(isAssigned), now);
}

/** When the first of them ends by itself (ms since the epoch); null when none does. */
export function firstEnd(held: readonly HeldRole[]): number | null {
  const ends = held.flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [expiresAt]));
  return ends.length === 0 ? null : Math.min(...ends);
}

/** The roles there are of those that are held. */
export function rolesOf(held: readonly HeldRole[], roles: readonly Role[]): Role[] {
  const ids = new Set(held.map(({ role }) => role));
  return roles.filter(({ id }) => ids.has(id));
}

/** What roles allow together. */
export const permissionsOf = (roles: readonly Role[]): string[] => [...new Set(roles.flatMap(({ permissions }) => permissions))];

import { isAdministrative } from './administrator-role.ts';
import type { Ownership } from './ownership.ts';
import type { Resource } from './resource.ts';
import { vocabularyOf } from './resource.ts';
import type { Standing } from './standing.ts';

/** Header and JWS type under which the upstream learns who is calling. */
export const ASSERTION_HEADER = 'Drawbridge-Assertion';
export const ASSERTION_TYPE = 'drawbridge-assertion+jwt';
/** Seconds an assertion lives. */
export const ASSERTION_LIFETIME = 60;

export interface AssertionFacts {
  readonly issuer: string;
  readonly resource: Resource;
  readonly standing: Standing;
  readonly scope: readonly string[];
  /** Of a call of a tool that some may only use on what is theirs. */
  readonly ownership?: Ownership | undefined;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly jti: string;
}

const vocabularies = new WeakMap<Resource, ReadonlySet<string>>();

/** What somebody holds of what decides at this resource: what other servers go by is none of its business, nor what is ours. */
export function toldPermissions(resource: Resource, permissions: readonly string[]): string[] {
  const known = vocabularies.get(resource) ?? vocabularyOf(resource);
  vocabularies.set(resource, known);
  return permissions.filter((permission) => known.has(permission) && !isAdministrative(permission));
}

/** What the gateway tells an upstream about a caller; its audience is that one upstream. RFC 7519 §4.1. */
export function assertionClaims(facts: AssertionFacts): Readonly<Record<string, unknown>> {
  const { issuer, resource, standing, scope, ownership, now, jti } = facts;
  const { user, tenant, client } = standing;
  return {
    iss: issuer,
    aud: resource.upstream,
    sub: user.id,
    ...(user.name === null ? {} : { name: user.name }),
    ...(user.email === null ? {} : { email: user.email }),
    tenant: tenant.id,
    tenant_name: tenant.name,
    roles: standing.roles.map((role) => role.id),
    permissions: toldPermissions(resource, standing.permissions),
    ...(ownership === undefined ? {} : { ownership }),
    client_id: client.id,
    client_name: client.name,
    scope: scope.join(' '),
    grant_id: standing.grantId,
    iat: now,
    exp: now + ASSERTION_LIFETIME,
    jti,
  };
}

import type { Assurance } from './assurance.ts';
import { satisfies } from './assurance-demand.ts';
import type { Resource, ResourceScope } from './resource.ts';

/** The authorization server's own scope: it belongs to no resource. OpenID Connect Core §11. */
export const offlineAccess = 'offline_access';

/** Scope values in order, without repeats; sloppy spacing is tolerated, illegal characters are null. RFC 6749 §3.3. */
export function parseScope(text: string): string[] | null {
  const values = [...new Set(text.split(' ').filter((value) => value !== ''))];
  if (values.length > 100 || text.length > 4000) return null;
  return values.every((value) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)) ? values : null;
}

/** What a request asks of a resource: values it does not know are dropped, and asking for nothing it knows means its baseline. RFC 6749 §3.3. */
export function requestedScope(resource: Resource, asked: readonly string[]): string[] {
  const known = new Set(resource.scopes.map((scope) => scope.name));
  const wanted = asked.filter((value) => known.has(value));
  return wanted.length > 0 ? wanted : [...resource.baseline];
}

function holds(permissions: readonly string[], needed: readonly string[]): boolean {
  return needed.every((permission) => permissions.includes(permission));
}

/** The part of `scope` that somebody with these permissions can be given: a scope is necessary, a role decides. */
export function permittedScope(resource: Resource, scope: readonly string[], permissions: readonly string[]): string[] {
  return scope.filter((name) => {
    const known = resource.scopes.find((entry) => entry.name === name);
    return known !== undefined && holds(permissions, known.permissions);
  });
}

/** The part of `scope` for which a sign-in proved enough. `now` in ms since the epoch. */
export function provenScope({ scopes }: Resource, scope: readonly string[], assurance: Assurance, now: number): string[] {
  return scope.filter((name) => {
    const demand = scopes.find((entry) => entry.name === name)?.demand;
    return demand === undefined || satisfies(assurance, demand, now);
  });
}

export function isPermitted(scope: ResourceScope, permissions: readonly string[]): boolean {
  return holds(permissions, scope.permissions);
}

import { sameText } from '../domain/digest.ts';
import type { GrantId } from '../domain/ids.ts';
import type { Resource } from '../domain/resource.ts';
import type { Mac } from '../domain/sealed-client.ts';

/**
 * Session ids of the older protocol versions, bound to the grant that opened them: an id somebody else presents is not a session.
 * MCP 2025-11-25 security best practices, "Session Hijacking".
 */
export function sessionIds(mac: Mac) {
  const tag = (resource: Resource, grantId: GrantId, id: string): string => mac('gateway_session', `${resource.id}\n${grantId}\n${id}`);
  return {
    /** Null when the upstream's id is not one the protocol allows. */
    wrap(resource: Resource, grantId: GrantId, id: string): string | null {
      return /^[\x21-\x7e]{1,512}$/.test(id) ? `${tag(resource, grantId, id)}.${id}` : null;
    },
    unwrap(resource: Resource, grantId: GrantId, presented: string): string | null {
      const [, given, id] = /^([A-Za-z0-9_-]{43})\.([\x21-\x7e]{1,512})$/.exec(presented) ?? [];
      if (given === undefined || id === undefined) return null;
      return sameText(given, tag(resource, grantId, id)) ? id : null;
    },
  };
}

export type SessionIds = ReturnType<typeof sessionIds>;

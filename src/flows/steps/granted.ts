import type { Directory } from '../../domain/directory.ts';
import type { Grant } from '../../domain/grant.ts';
import { TokenRefusal } from '../../domain/oauth-error.ts';
import type { Resource } from '../../domain/resource.ts';
import { matchResource } from '../../domain/resource.ts';

/** The grant's own resource, provided the request means that one or none. RFC 8707 §2.2. */
export function grantedResource(directory: Directory, grant: Grant, indicator: string | null): Resource {
  const resource = directory.addresses.get(grant.resource);
  if (resource === undefined) throw new TokenRefusal('invalid_grant', 'the resource is no longer configured');
  if (indicator !== null && matchResource([...directory.addresses.values()], indicator) !== resource) {
    throw new TokenRefusal('invalid_target', 'not the resource that was authorised');
  }
  return resource;
}

/** What goes with an audit event about a grant. */
export const aboutGrant = (grant: Grant) => ({
  userId: grant.userId,
  tenantId: grant.tenantId,
  clientId: grant.client_id,
  clientName: grant.client_name,
  grantId: grant.id,
  resource: grant.resource,
});

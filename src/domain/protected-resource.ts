import type { Resource } from './resource.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** Path of a resource's metadata: the well-known part inserted before its own path. RFC 9728 §3.1. */
export function metadataPath(identifier: string): string {
  const { pathname } = new URL(identifier);
  return pathname === '/' ? WELL_KNOWN : WELL_KNOWN + pathname;
}

/** Absolute address of a resource's metadata, from configuration alone. RFC 9728 §5.1. */
export function metadataUrl(identifier: string): string {
  return new URL(identifier).origin + metadataPath(identifier);
}

/** The protected-resource metadata document. RFC 9728 §2. */
export function resourceMetadata(resource: Resource, issuer: string): Readonly<Record<string, unknown>> {
  // MCP 2026-07-28 authorization, "Refresh Tokens": offline_access is no scope of a resource.
  const scopes = resource.baseline.filter((name) => name !== 'offline_access');
  return {
    resource: resource.identifier,
    authorization_servers: [issuer],
    ...(scopes.length > 0 ? { scopes_supported: scopes } : {}),
    bearer_methods_supported: ['header'],
    resource_name: resource.name,
  };
}

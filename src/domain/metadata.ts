import { acrValuesSupported } from './acr.ts';
import type { Directory } from './directory.ts';
import { offlineAccess } from './scope.ts';

/** Where each endpoint stands below the issuer; the paths are ours, the names the registry's. RFC 8414 §2. */
export const endpointPaths = {
  authorization_endpoint: '/authorize',
  token_endpoint: '/token',
  registration_endpoint: '/register',
  revocation_endpoint: '/revoke',
  jwks_uri: '/jwks',
} as const;

/**
 * Every path under which clients look for an issuer's metadata: RFC 8414 §3.1 inserts the well-known part before the issuer's path,
 * OpenID Connect Discovery §4 appends it.
 */
export function metadataPaths(issuer: string): string[] {
  const path = new URL(issuer).pathname.replace(/\/$/, '');
  return [
    ...new Set([
      `/.well-known/oauth-authorization-server${path}`,
      `/.well-known/openid-configuration${path}`,
      `${path}/.well-known/openid-configuration`,
    ]),
  ];
}

const clientAuthentication = ['none', 'client_secret_basic', 'client_secret_post'];

/** The one metadata document, served alike under every well-known form. RFC 8414 §2, RFC 9207 §3; the OpenID members are there for clients that insist on them. */
export function authorizationServerMetadata({
  issuer,
  resources,
  registration,
}: Pick<Directory, 'issuer' | 'resources' | 'registration'>): Record<string, unknown> {
  const at = (path: string) => `${issuer}${path}`;
  const scopes = new Set(resources.flatMap((resource) => resource.scopes.map((scope) => scope.name)));
  return {
    issuer,
    authorization_endpoint: at(endpointPaths.authorization_endpoint),
    token_endpoint: at(endpointPaths.token_endpoint),
    ...(registration.dynamic ? { registration_endpoint: at(endpointPaths.registration_endpoint) } : {}),
    revocation_endpoint: at(endpointPaths.revocation_endpoint),
    jwks_uri: at(endpointPaths.jwks_uri),
    scopes_supported: [...scopes, offlineAccess],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: clientAuthentication,
    revocation_endpoint_auth_methods_supported: clientAuthentication,
    code_challenge_methods_supported: ['S256'],
    // RFC 9470 §7
    acr_values_supported: acrValuesSupported,
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: registration.documents,
    protected_resources: resources.map((resource) => resource.identifier),
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    claims_parameter_supported: false,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}

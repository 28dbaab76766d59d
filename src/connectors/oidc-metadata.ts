import type * as oidc from 'openid-client';
import { LoginRefused } from '../ports/connector.ts';
import { isLoopbackHttp } from './kinds/fields.ts';
import type { OidcSettings } from './oidc-settings.ts';

/** What we set on the way to the upstream; a discovered endpoint must not bring its own. */
const reserved = [
  'client_id',
  'redirect_uri',
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'request',
  'request_uri',
];

/** Only what we use, only if it may be used. OpenID Connect Discovery §4.3; the library lets some issuers differ, we let none. */
export function pin(
  metadata: oidc.ServerMetadata,
  settings: Pick<OidcSettings, 'issuer' | 'issuerTemplate' | 'pushedRequests' | 'allowedAlgorithms'>,
) {
  const { issuer, issuerTemplate } = settings;
  const expected = issuerTemplate ?? issuer;
  if (metadata.issuer !== expected) throw new LoginRefused('untrustworthy', 'discovery: the document is of another issuer');
  const authorization_endpoint = endpoint('authorization_endpoint', metadata.authorization_endpoint, issuer);
  const taken = reserved.find((name) => new URL(authorization_endpoint).searchParams.has(name));
  if (taken !== undefined) throw new LoginRefused('untrustworthy', `discovery: authorization_endpoint already sets ${taken}`);
  const optional = (name: 'userinfo_endpoint' | 'pushed_authorization_request_endpoint') =>
    metadata[name] === undefined ? {} : { [name]: endpoint(name, metadata[name], issuer) };
  const pushed = optional('pushed_authorization_request_endpoint');
  const isDemanded = metadata.require_pushed_authorization_requests === true;
  // RFC 9126 §5
  if (isDemanded && Object.keys(pushed).length === 0)
    throw new LoginRefused('untrustworthy', 'discovery: requests have to be pushed, and there is no endpoint for it');
  return {
    issuer: expected,
    authorization_endpoint,
    token_endpoint: endpoint('token_endpoint', metadata.token_endpoint, issuer),
    jwks_uri: endpoint('jwks_uri', metadata.jwks_uri, issuer),
    ...optional('userinfo_endpoint'),
    ...(isDemanded || settings.pushedRequests ? pushed : {}),
    // Left out means no, yet vendors that do understand it leave it out: only a plain no counts. OpenID Connect Discovery §3.
    claims_parameter_supported: metadata.claims_parameter_supported !== false,
    // RFC 9207 §2.4
    authorization_response_iss_parameter_supported: metadata.authorization_response_iss_parameter_supported === true,
    // RFC 8725 §3.1: ours decide, whatever the document lists.
    id_token_signing_alg_values_supported: [...settings.allowedAlgorithms],
  };
}

function endpoint(name: string, value: unknown, issuer: string): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null;
  const plain = url !== null && url.username === '' && url.password === '' && url.hash === '';
  const sameMachine = plain && isLoopbackHttp(url) && url.origin === new URL(issuer).origin;
  if (!plain || (url.protocol !== 'https:' && !sameMachine)) throw new LoginRefused('untrustworthy', `discovery: ${name} may not be used`);
  return url.href;
}

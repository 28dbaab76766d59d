import * as oidc from 'openid-client';
import type { Clock } from '../ports/clock.ts';
import { LoginRefused } from '../ports/connector.ts';
import type { OutboundFetch } from '../ports/document-fetcher.ts';
import { leewaySeconds } from './id-token.ts';
import { boundedFetch, keySetFetch } from './oidc-fetch.ts';
import { asLoginRefused } from './oidc-refusals.ts';
import { isLoopbackHttp, type OidcSettings } from './oidc-settings.ts';

const refreshAfterMs = 60 * 60 * 1000;
const staleAfterMs = 24 * 60 * 60 * 1000;
const coolDownMs = 5 * 1000;
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

/**
 * What the upstream says about itself, pinned to the configured issuer. Learned when first needed, renewed in the background, and asked for
 * again soon after a failure, so that an upstream that was down when we started is no reason to restart.
 */
export function openDiscovery(settings: OidcSettings, { clock, fetch }: { clock: Clock; fetch: OutboundFetch }) {
  const outbound = boundedFetch(fetch);
  const keySets = keySetFetch(outbound);
  let known: { config: oidc.Configuration; jwks_uri: string; at: number } | null = null;
  let failed: { refusal: LoginRefused; at: number } | null = null;
  let pending: Promise<oidc.Configuration> | null = null;

  async function learn(): Promise<oidc.Configuration> {
    try {
      const metadata = pin(await discover(settings, outbound), settings.issuer, settings.allowedAlgorithms);
      const config = configure(settings, metadata, (url, request) => (url === metadata.jwks_uri ? keySets : outbound)(url, request));
      const keys = known === null || known.jwks_uri !== metadata.jwks_uri ? undefined : oidc.getJwksCache(known.config);
      if (keys !== undefined) oidc.setJwksCache(config, keys);
      known = { config, jwks_uri: metadata.jwks_uri, at: clock.now() };
      failed = null;
      return config;
    } catch (error) {
      const refusal = asLoginRefused('discovery', error);
      failed = { refusal, at: clock.now() };
      throw refusal;
    } finally {
      pending = null;
    }
  }

  return {
    /** Throws `LoginRefused` while nothing usable is known. */
    async configuration(): Promise<oidc.Configuration> {
      const coolingDown = failed !== null && clock.now() - failed.at < coolDownMs;
      const age = known === null ? Infinity : clock.now() - known.at;
      if (age < refreshAfterMs && known !== null) return known.config;
      if (age < staleAfterMs && known !== null) {
        if (!coolingDown) (pending ??= learn()).catch(() => null);
        return known.config;
      }
      if (pending === null && coolingDown && failed !== null) throw again(failed.refusal);
      return (pending ??= learn());
    },
    /** Has the keys at hand before the first login needs them. */
    async warmKeys(config: oidc.Configuration): Promise<void> {
      const url = config.serverMetadata().jwks_uri ?? '';
      const signal = AbortSignal.timeout(settings.timeoutSeconds * 1000);
      const answer = await keySets(url, { method: 'GET', headers: { accept: 'application/json' }, redirect: 'manual', signal });
      oidc.setJwksCache(config, { jwks: (await answer.json()) as { keys: [] }, uat: Math.floor(clock.now() / 1000) });
    },
  };
}

async function discover(settings: OidcSettings, outbound: OutboundFetch): Promise<oidc.ServerMetadata> {
  const issuer = new URL(settings.issuer);
  const config = await oidc.discovery(issuer, settings.client_id, undefined, oidc.None(), {
    execute: isLoopbackHttp(issuer) ? [oidc.allowInsecureRequests] : [],
    timeout: settings.timeoutSeconds,
    [oidc.customFetch]: outbound,
  });
  return config.serverMetadata();
}

/** Only what we use, only if it may be used. OpenID Connect Discovery §4.3; the library lets some issuers differ, we let none. */
function pin(metadata: oidc.ServerMetadata, issuer: string, allowedAlgorithms: readonly string[]) {
  if (metadata.issuer !== issuer) throw new LoginRefused('untrustworthy', 'discovery: the document is of another issuer');
  const authorization_endpoint = endpoint('authorization_endpoint', metadata.authorization_endpoint, issuer);
  const taken = reserved.find((name) => new URL(authorization_endpoint).searchParams.has(name));
  if (taken !== undefined) throw new LoginRefused('untrustworthy', `discovery: authorization_endpoint already sets ${taken}`);
  return {
    issuer,
    authorization_endpoint,
    token_endpoint: endpoint('token_endpoint', metadata.token_endpoint, issuer),
    jwks_uri: endpoint('jwks_uri', metadata.jwks_uri, issuer),
    ...(metadata.userinfo_endpoint === undefined
      ? {}
      : { userinfo_endpoint: endpoint('userinfo_endpoint', metadata.userinfo_endpoint, issuer) }),
    // RFC 9207 §2.4
    authorization_response_iss_parameter_supported: metadata.authorization_response_iss_parameter_supported === true,
    // RFC 8725 §3.1: ours decide, whatever the document lists.
    id_token_signing_alg_values_supported: [...allowedAlgorithms],
  };
}

function endpoint(name: string, value: unknown, issuer: string): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null;
  const plain = url !== null && url.username === '' && url.password === '' && url.hash === '';
  const sameMachine = plain && isLoopbackHttp(url) && url.origin === new URL(issuer).origin;
  if (!plain || (url.protocol !== 'https:' && !sameMachine)) throw new LoginRefused('untrustworthy', `discovery: ${name} may not be used`);
  return url.href;
}

function configure(settings: OidcSettings, metadata: oidc.ServerMetadata, fetch: OutboundFetch): oidc.Configuration {
  const config = new oidc.Configuration(
    metadata,
    settings.client_id,
    { [oidc.clockTolerance]: leewaySeconds },
    clientAuthentication(settings),
  );
  if (isLoopbackHttp(new URL(settings.issuer))) oidc.allowInsecureRequests(config);
  // Without this the library believes any signature, since the token came from the endpoint itself.
  oidc.enableNonRepudiationChecks(config);
  config.timeout = settings.timeoutSeconds;
  config[oidc.customFetch] = fetch;
  return config;
}

function clientAuthentication({ client_secret, tokenEndpointAuthMethod }: OidcSettings): oidc.ClientAuth {
  if (client_secret === null) return oidc.None();
  const secret = client_secret.reveal();
  return tokenEndpointAuthMethod === 'client_secret_post' ? oidc.ClientSecretPost(secret) : oidc.ClientSecretBasic(secret);
}

function again(refusal: LoginRefused): LoginRefused {
  return new LoginRefused(refusal.refusal, `${refusal.reason}, a moment ago`);
}

import type { CompactVerifyGetKey } from 'jose';
import * as oidc from 'openid-client';
import type { Clock } from '../ports/clock.ts';
import { LoginRefused } from '../ports/connector.ts';
import type { OutboundFetch } from '../ports/document-fetcher.ts';
import { clientAuthentication } from './client-authentication.ts';
import { leewaySeconds } from './id-token.ts';
import { isLoopbackHttp } from './kinds/fields.ts';
import { boundedFetch, keySetFetch } from './oidc-fetch.ts';
import type { Known } from './oidc-keys.ts';
import { keyRenewal, remoteKeys } from './oidc-keys.ts';
import { pin } from './oidc-metadata.ts';
import { asLoginRefused } from './oidc-refusals.ts';
import type { OidcSettings } from './oidc-settings.ts';

const refreshAfterMs = 60 * 60 * 1000;
const staleAfterMs = 24 * 60 * 60 * 1000;
const coolDownMs = 5 * 1000;
/**
 * What the upstream says about itself, pinned to the configured issuer. Learned when first needed, renewed in the background, and asked for
 * again soon after a failure, so that an upstream that was down when we started is no reason to restart.
 */
export function openDiscovery(settings: OidcSettings, { clock, fetch }: { clock: Clock; fetch: OutboundFetch }) {
  const outbound = boundedFetch(fetch);
  const keySets = keySetFetch(outbound);
  const keysAt = remoteKeys(keySets, settings.timeoutSeconds * 1000);
  const configured = (metadata: Known['metadata']) => configure(settings, metadata, { outbound, keySets });
  const held: { known: Known | null } = { known: null };
  const { renew, renewInTime } = keyRenewal(held, { clock, keySets, timeoutMs: settings.timeoutSeconds * 1000, configured });
  let failed: { refusal: LoginRefused; at: number } | null = null;
  let pending: Promise<oidc.Configuration> | null = null;

  async function learn(): Promise<oidc.Configuration> {
    try {
      const metadata = pin(await discover(settings, outbound), settings);
      const config = await configured(metadata);
      takeKeys(held.known, metadata, config);
      held.known = { metadata, config, at: clock.now() };
      failed = null;
      return config;
    } catch (error) {
      failed = { refusal: asLoginRefused('discovery', error), at: clock.now() };
      throw failed.refusal;
    } finally {
      pending = null;
    }
  }

  async function configuration(): Promise<oidc.Configuration> {
    const { known } = held;
    const coolingDown = failed !== null && clock.now() - failed.at < coolDownMs;
    const age = known === null ? Infinity : clock.now() - known.at;
    if (age < refreshAfterMs && known !== null) return known.config;
    if (age < staleAfterMs && known !== null) {
      if (!coolingDown) (pending ??= learn()).catch(() => null);
      return known.config;
    }
    if (pending === null && coolingDown && failed !== null) throw again(failed.refusal);
    return (pending ??= learn());
  }

  return {
    /** Throws `LoginRefused` while nothing usable is known. */
    configuration,
    /** The keys for what the upstream sends by itself. */
    keys: (config: oidc.Configuration): CompactVerifyGetKey => keysAt(config.serverMetadata().jwks_uri ?? ''),
    /** Has the keys at hand before the first login needs them. */
    warmUp: () => configuration().then(renew),
    renewKeysInTime: renewInTime,
  };
}

/** Keys stay good as long as their address does. */
function takeKeys(known: Known | null, { jwks_uri }: Known['metadata'], config: oidc.Configuration): void {
  const keys = known?.metadata.jwks_uri === jwks_uri ? oidc.getJwksCache(known.config) : undefined;
  if (keys !== undefined) oidc.setJwksCache(config, keys);
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

async function configure(
  settings: OidcSettings,
  metadata: Known['metadata'],
  { outbound, keySets }: Record<'outbound' | 'keySets', OutboundFetch>,
): Promise<oidc.Configuration> {
  const authentication = await clientAuthentication(settings, metadata.token_endpoint);
  const tolerant = { [oidc.clockTolerance]: leewaySeconds };
  const config =
    settings.issuerTemplate === null
      ? new oidc.Configuration(metadata, settings.client_id, tolerant, authentication)
      : // Only its own discovery tells the library that the issuer stands for many: it is given what was pinned.
        await oidc.discovery(new URL(settings.issuer), settings.client_id, tolerant, authentication, {
          [oidc.customFetch]: () => Promise.resolve(Response.json(metadata)),
        });
  if (isLoopbackHttp(new URL(settings.issuer))) oidc.allowInsecureRequests(config);
  // Without this the library believes any signature, since the token came from the endpoint itself.
  oidc.enableNonRepudiationChecks(config);
  config.timeout = settings.timeoutSeconds;
  config[oidc.customFetch] = (url, request) => (url === metadata.jwks_uri ? keySets : outbound)(url, request);
  return config;
}

function again(refusal: LoginRefused): LoginRefused {
  return new LoginRefused(refusal.refusal, `${refusal.reason}, a moment ago`);
}

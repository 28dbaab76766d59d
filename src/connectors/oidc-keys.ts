import type { CompactVerifyGetKey, FetchImplementation } from 'jose';
import { createRemoteJWKSet, customFetch } from 'jose';
import * as oidc from 'openid-client';
import type { Clock } from '../ports/clock.ts';
import type { OutboundFetch } from '../ports/document-fetcher.ts';
import type { pin } from './oidc-metadata.ts';

/** The library holds keys for five minutes; a login that finds them older would wait for new ones. */
const renewAfterMs = 4 * 60 * 1000;
const asked = { method: 'GET', headers: { accept: 'application/json' }, redirect: 'manual' } as const;

/** What an upstream said about itself, and what the library was made of it. */
export interface Known {
  readonly metadata: ReturnType<typeof pin>;
  readonly config: oidc.Configuration;
  readonly at: number;
}

interface Dependencies {
  readonly clock: Clock;
  readonly keySets: OutboundFetch;
  readonly timeoutMs: number;
  configured(metadata: Known['metadata']): Promise<oidc.Configuration>;
}

/** Renews the keys of what is known. The library takes nothing in place of keys that it has, so they come with a new configuration. */
export function keyRenewal(held: { known: Known | null }, { clock, keySets, timeoutMs, configured }: Dependencies) {
  let askedAt = -Infinity;

  async function renew(): Promise<void> {
    const jwks_uri = held.known?.metadata.jwks_uri;
    if (jwks_uri === undefined) return;
    askedAt = clock.now();
    const answer = await keySets(jwks_uri, { ...asked, signal: AbortSignal.timeout(timeoutMs) });
    const jwks = (await answer.json()) as { keys: [] };
    const latest = held.known;
    // What the upstream says of itself may be another by now; and none at all are no new keys.
    if (latest?.metadata.jwks_uri !== jwks_uri || jwks.keys.length === 0) return;
    const config = await configured(latest.metadata);
    oidc.setJwksCache(config, { jwks, uat: Math.floor(clock.now() / 1000) });
    if (held.known === latest) held.known = { ...latest, config };
  }

  return {
    renew,
    /** For a login that begins now, which does not wait for it. */
    renewInTime(): void {
      const keys = held.known === null ? undefined : oidc.getJwksCache(held.known.config);
      // Either way, so that a clock that was set back does not keep old ones.
      const since = keys === undefined ? 0 : Math.abs(clock.now() - Math.max(keys.uat * 1000, askedAt));
      if (since >= renewAfterMs) renew().catch(() => null);
    },
  };
}

/** The keys at an address, asked for again when a token names one that is not known. */
export function remoteKeys(keySets: OutboundFetch, timeoutDuration: number): (jwks_uri: string) => CompactVerifyGetKey {
  let known: { readonly jwks_uri: string; readonly keys: CompactVerifyGetKey } | null = null;
  const ask: FetchImplementation = async (url, { signal }) => keySets(url, { ...asked, signal });
  return (jwks_uri) => {
    if (known?.jwks_uri !== jwks_uri)
      known = { jwks_uri, keys: createRemoteJWKSet(new URL(jwks_uri), { [customFetch]: ask, timeoutDuration }) };
    return known.keys;
  };
}

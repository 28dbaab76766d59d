import { compactVerify, createLocalJWKSet, decodeProtectedHeader, errors, type JSONWebKeySet } from 'jose';
import type { Clock } from '../ports/clock.ts';
import { LoginRefused } from '../ports/connector.ts';
import type { OutboundFetch } from '../ports/document-fetcher.ts';
import type { Claims } from './claims.ts';
import { boundedFetch, keySetFetch } from './oidc-fetch.ts';
import { asLoginRefused } from './supabase-refusals.ts';
import { issuerOf, type SupabaseSettings } from './supabase-settings.ts';

/** As long as GoTrue lets them be cached. */
const freshMs = 600_000;
/** A key nobody knows is looked for again, but not by every stranger's token. */
const coolDownMs = 60_000;
const allowedAlgorithms = ['ES256', 'RS256', 'EdDSA', 'Ed25519'];
const shared = 'the project signs with its shared secret (HS256): migrate it to an asymmetric signing key';

export interface ProjectKeys {
  /** The claims of a token one of the project's published keys has signed; nothing about them is checked yet. */
  verified(token: string): Promise<Claims>;
  warmUp(): Promise<void>;
}

/** The project's published keys. A secret it shares with its own servers proves nothing to anyone else. RFC 8725 §3.1. */
export function openProjectKeys(settings: SupabaseSettings, { clock, fetch }: { clock: Clock; fetch: OutboundFetch }): ProjectKeys {
  const keySets = keySetFetch(boundedFetch(fetch));
  let known: { set: JSONWebKeySet; at: number } | null = null;

  async function learn(): Promise<JSONWebKeySet> {
    const signal = AbortSignal.timeout(settings.timeoutSeconds * 1000);
    const asked = { method: 'GET', headers: { accept: 'application/json' }, redirect: 'manual', signal } as const;
    const answer = await keySets(`${issuerOf(settings)}/.well-known/jwks.json`, asked).catch((error: unknown) => {
      throw asLoginRefused('jwks', error);
    });
    const set = (await answer.json()) as JSONWebKeySet;
    known = { set, at: clock.now() };
    return set;
  }

  const current = async (): Promise<JSONWebKeySet> => (known !== null && clock.now() - known.at < freshMs ? known.set : learn());

  async function check(token: string): Promise<Claims> {
    const verify = async (set: JSONWebKeySet) => compactVerify(token, createLocalJWKSet(set), { algorithms: allowedAlgorithms });
    const set = await current();
    const { payload } = await verify(set).catch(async (error: unknown) => {
      const isOld = known !== null && clock.now() - known.at >= coolDownMs;
      if (!(error instanceof errors.JWKSNoMatchingKey) || !isOld) throw error;
      return verify(await learn());
    });
    return JSON.parse(new TextDecoder().decode(payload)) as Claims;
  }

  return {
    async verified(token) {
      try {
        const { alg, crit, b64, zip } = decodeProtectedHeader(token) as Claims;
        if (typeof alg === 'string' && alg.startsWith('HS')) throw new LoginRefused('misconfigured', `token: ${shared}`);
        if (crit !== undefined || b64 !== undefined || zip !== undefined) throw new errors.JWSInvalid('extension');
        return await check(token);
      } catch (error) {
        if (error instanceof LoginRefused) throw error;
        throw new LoginRefused('untrustworthy', `token: ${error instanceof errors.JOSEError ? error.code : 'not a signed token'}`);
      }
    },
    async warmUp() {
      if ((await learn()).keys.length === 0) throw new LoginRefused('misconfigured', `jwks: no key is published, so ${shared}`);
    },
  };
}

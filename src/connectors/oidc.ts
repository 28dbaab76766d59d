import * as oidc from 'openid-client';
import { assuranceFrom, type SignInClaims } from '../domain/assurance.ts';
import type { VerifiedIdentity } from '../domain/identity.ts';
import type { Clock } from '../ports/clock.ts';
import type { UpstreamAttempt } from '../domain/upstream-attempt.ts';
import { LoginRefused, type Connector } from '../ports/connector.ts';
import type { OutboundFetch } from '../ports/document-fetcher.ts';
import { amrFrom, amrTimeFrom, emailFrom, groupsFrom, textFrom, type Claims } from './claims.ts';
import { checkIdToken, leewaySeconds } from './id-token.ts';
import { openDiscovery } from './oidc-discovery.ts';
import { asLoginRefused } from './oidc-refusals.ts';
import { OidcSettings, type OidcSettingsInput } from './oidc-settings.ts';

const longestAnswer = 16 * 1024;

/** Any upstream that speaks OpenID Connect: discovery, the code flow with PKCE, and an ID token whose every claim is checked. */
export function openOidcConnector(given: OidcSettingsInput, { clock, fetch }: { clock: Clock; fetch: OutboundFetch }): Connector {
  const settings = OidcSettings.parse(given);
  const discovery = openDiscovery(settings, { clock, fetch });
  return {
    id: settings.id,
    name: settings.name,

    async begin(attempt) {
      const config = await discovery.configuration();
      const code_challenge = await oidc.calculatePKCECodeChallenge(attempt.code_verifier);
      return oidc.buildAuthorizationUrl(config, authorizationRequest(settings, attempt, code_challenge));
    },

    async complete(answer, attempt) {
      const config = await discovery.configuration();
      try {
        return await identityBehind(answer, attempt, { config, settings, now: () => Math.floor(clock.now() / 1000) });
      } catch (error) {
        throw asLoginRefused('login', error);
      }
    },

    async warmUp() {
      await discovery.warmKeys(await discovery.configuration());
    },
  };
}

/** OpenID Connect Core §3.1.2.1, RFC 7636 §4.3. */
function authorizationRequest(settings: OidcSettings, attempt: UpstreamAttempt, code_challenge: string): Record<string, string> {
  return {
    response_type: 'code',
    redirect_uri: settings.redirect_uri,
    scope: [...new Set(['openid', ...settings.scopes])].join(' '),
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge,
    code_challenge_method: 'S256',
    ...ageRequest(attempt),
    ...(attempt.login_hint === null ? {} : { login_hint: attempt.login_hint }),
    ...strengthRequest(settings, attempt.demand),
  };
}

/** `max_age` makes `auth_time` a claim the upstream owes us, which is how a fresh login is told from a remembered one. OpenID Connect Core §3.1.2.1. */
function ageRequest({ prompt, afresh, demand }: UpstreamAttempt): Record<string, string> {
  const shown = afresh ? 'login' : prompt;
  const age = prompt === 'login' ? 0 : demand.maxAge;
  return { ...(shown === null ? {} : { prompt: shown }), ...(age === null ? {} : { max_age: String(age) }) };
}

/** Both ways of asking, since upstreams understand one or the other; what counts is what comes back. OpenID Connect Core §5.5.1.1. */
function strengthRequest({ mfa }: OidcSettings, demand: UpstreamAttempt['demand']): Record<string, string> {
  if (!demand.mfa && !demand.phishingResistant) return {};
  const { acr, amr } = demand.phishingResistant ? mfa.phishingResistant : { acr: [], amr: [] };
  // A phishing-resistant sign-in is asked for by the values that would prove it.
  const values = acr.length > 0 ? acr : mfa.acr_values;
  const id_token = {
    ...(values.length === 0 ? {} : { acr: { essential: true, values } }),
    ...(mfa.amr.length + amr.length === 0 ? {} : { amr: { essential: true } }),
  };
  return {
    ...(values.length === 0 ? {} : { acr_values: values.join(' ') }),
    ...(Object.keys(id_token).length === 0 ? {} : { claims: JSON.stringify({ id_token }) }),
  };
}

interface Exchange {
  readonly config: oidc.Configuration;
  readonly settings: OidcSettings;
  /** Seconds since the epoch. */
  now(): number;
}

async function identityBehind(answer: URLSearchParams, attempt: UpstreamAttempt, exchange: Exchange): Promise<VerifiedIdentity> {
  const { config, settings } = exchange;
  const returned = new URL(settings.redirect_uri);
  returned.search = answer.toString();
  if (returned.search.length > longestAnswer) throw new LoginRefused('untrustworthy', 'login: the answer is too long');
  const tokens = await oidc.authorizationCodeGrant(config, returned, {
    pkceCodeVerifier: attempt.code_verifier,
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (claims === undefined || tokens.id_token === undefined) throw new LoginRefused('untrustworthy', 'login: no ID token');
  await checkIdToken(tokens.id_token, tokens.access_token, claims, {
    issuer: settings.issuer,
    client_id: settings.client_id,
    allowedAlgorithms: settings.allowedAlgorithms,
    now: exchange.now(),
    freshLogin: attempt.prompt === 'login',
  });
  // OpenID Connect Core §5.3.2: the library refuses a userinfo answer about another subject.
  const more: Claims = settings.userinfo ? await oidc.fetchUserInfo(config, tokens.access_token, claims.sub) : {};
  return identityFrom({ ...more, ...claims }, claims, settings, exchange.now());
}

/** When the person authenticated; an upstream that only dates its methods says it with the latest of them. OpenID Connect Core §2. */
function authTimeOf(token: Claims & { auth_time?: number }, now: number): Pick<SignInClaims, 'auth_time' | 'authTimeSource'> {
  if (token.auth_time !== undefined) return { auth_time: token.auth_time };
  const latest = amrTimeFrom(token, now + leewaySeconds);
  return latest === null ? {} : { auth_time: latest, authTimeSource: 'amr_timestamp' };
}

/** Display and groups from everything the upstream said, assurance from the signed token alone. */
function identityFrom(
  all: Claims,
  token: Claims & { sub: string; auth_time?: number },
  settings: OidcSettings,
  now: number,
): VerifiedIdentity {
  const acr = token['acr'];
  return {
    connectionId: settings.id,
    issuer: settings.issuer,
    subject: token.sub,
    email: emailFrom(all, settings.claims.email),
    name: textFrom(all, settings.claims.name),
    groups: groupsFrom(all, settings.claims.groups),
    assurance: assuranceFrom(
      {
        ...authTimeOf(token, now),
        ...(typeof acr === 'string' && acr.length <= 1000 ? { acr } : {}),
        amr: amrFrom(token),
      },
      settings.mfa,
    ),
  };
}

import * as oidc from 'openid-client';
import { assuranceFrom, type SignInClaims } from '../domain/assurance.ts';
import type { VerifiedIdentity } from '../domain/identity.ts';
import type { Said } from '../domain/received-claims.ts';
import { Secret } from '../domain/secret.ts';
import type { Clock } from '../ports/clock.ts';
import type { UpstreamAttempt } from '../domain/upstream-attempt.ts';
import { LoginRefused, type Connector } from '../ports/connector.ts';
import type { OutboundFetch } from '../ports/document-fetcher.ts';
import { acrFrom, amrFrom, amrTimeFrom, emailFrom, subjectFrom, textFrom, type Claims } from './claims.ts';
import { tellGroups, type TellGroups } from './group-lookup.ts';
import { checkIdToken, leewaySeconds, unknownTime } from './id-token.ts';
import { openDiscovery } from './oidc-discovery.ts';
import { asLoginRefused } from './oidc-refusals.ts';
import { recheck } from './oidc-recheck.ts';
import { authorizationRequest } from './oidc-request.ts';
import { OidcSettings, type OidcSettingsInput } from './oidc-settings.ts';
import type { Expected } from './security-token.ts';
import { readLogoutToken, readRevocationToken } from './security-token.ts';
import { checkGuards } from './tenant-guard.ts';

const longestAnswer = 16 * 1024;

/** Any upstream that speaks OpenID Connect: discovery, the code flow with PKCE, and an ID token whose every claim is checked. */
export function openOidcConnector(given: OidcSettingsInput, { clock, fetch }: { clock: Clock; fetch: OutboundFetch }): Connector {
  const settings = OidcSettings.parse(given);
  const discovery = openDiscovery(settings, { clock, fetch });
  const groupsOf = tellGroups(settings, fetch);
  const expected = async (): Promise<Expected> => {
    const { issuer, client_id, allowedAlgorithms: algorithms } = settings;
    return { issuer, client_id, algorithms, keys: discovery.keys(await discovery.configuration()), now: clock.now() };
  };
  return {
    id: settings.id,
    name: settings.name,

    async begin(attempt) {
      // However it is asked: coming back from there would be taken for a fresh sign-in.
      if ((attempt.afresh || attempt.prompt === 'login') && !settings.authTime)
        throw new LoginRefused('misconfigured', 'begin: nothing it says proves that somebody signed in just now');
      const config = await discovery.configuration();
      discovery.renewKeysInTime();
      const code_challenge = await oidc.calculatePKCECodeChallenge(attempt.code_verifier);
      const { pushed_authorization_request_endpoint, claims_parameter_supported } = config.serverMetadata();
      const request = authorizationRequest(settings, attempt, { code_challenge, takesClaims: claims_parameter_supported !== false });
      if (pushed_authorization_request_endpoint === undefined) return oidc.buildAuthorizationUrl(config, request);
      // RFC 9126: what is asked for does not pass through the browser, where it could be taken out.
      return oidc.buildAuthorizationUrlWithPAR(config, request).catch((error: unknown) => {
        throw asLoginRefused('pushed request', error);
      });
    },

    async complete(answer, attempt) {
      const config = await discovery.configuration();
      try {
        return await identityBehind(answer, attempt, { config, settings, groupsOf, now: () => Math.floor(clock.now() / 1000) });
      } catch (error) {
        throw asLoginRefused('login', error);
      }
    },

    recheck: async (refresh_token, known) =>
      discovery.configuration().then(
        (config) => recheck({ config, settings, groupsOf }, refresh_token, known),
        (error: unknown) => ({ answer: 'unanswered', reason: asLoginRefused('recheck', error).reason }) as const,
      ),

    readLogoutToken: async (logout_token) => readLogoutToken(logout_token, await expected()),
    readRevocationToken: async (token, audience) => readRevocationToken(token, audience, await expected()),

    warmUp: () => discovery.warmUp(),
  };
}

interface Exchange {
  readonly config: oidc.Configuration;
  readonly settings: OidcSettings;
  readonly groupsOf: TellGroups;
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
  const issuer = issuerFor(claims, settings);
  await checkIdToken(tokens.id_token, tokens.access_token, claims, {
    issuer,
    client_id: settings.client_id,
    allowedAlgorithms: settings.allowedAlgorithms,
    now: exchange.now(),
    freshLogin: attempt.prompt === 'login',
  });
  checkGuards(claims, settings.guards);
  // OpenID Connect Core §5.3.2: the library refuses a userinfo answer about another subject.
  const more: Claims = settings.userinfo ? await oidc.fetchUserInfo(config, tokens.access_token, claims.sub) : {};
  const session = {
    refresh_token: tokens.refresh_token === undefined ? null : new Secret<'upstream_token'>(tokens.refresh_token),
    sid: sidFrom(claims),
  };
  const all = { ...more, ...claims };
  const { said: lookup, ...groups } = await exchange.groupsOf(all, tokens.access_token);
  const said: Said[] = [
    { from: 'ID token', claims: { ...claims } },
    ...(settings.userinfo ? [{ from: 'userinfo', claims: more } as const] : []),
    ...(lookup === undefined ? [] : [lookup]),
  ];
  return { ...identityFrom(all, claims, settings, exchange.now()), ...groups, issuer, session, said };
}

/** When the person authenticated; an upstream that only dates its methods says it with the latest of them. OpenID Connect Core §2. */
function authTimeOf(
  token: Claims & { auth_time?: number },
  { authTime }: OidcSettings,
  now: number,
): Pick<SignInClaims, 'auth_time' | 'authTimeSource'> {
  if (authTime && token.auth_time !== undefined && token.auth_time !== unknownTime) return { auth_time: token.auth_time };
  const latest = amrTimeFrom(token, now + leewaySeconds);
  return latest === null ? {} : { auth_time: latest, authTimeSource: 'amr_timestamp' };
}

/** OpenID Connect Back-Channel Logout §2.1. */
const sidFrom = ({ sid }: Claims): string | null => (typeof sid === 'string' && sid !== '' && sid.length <= 500 ? sid : null);

/** One issuer, or where one discovery serves many, the one of the tenant the token is from: the guard says which tenants there are. */
function issuerFor({ tid }: Claims, { issuer, issuerTemplate }: OidcSettings): string {
  return issuerTemplate === null ? issuer : issuerTemplate.replace('{tenantid}', () => (typeof tid === 'string' ? tid : ''));
}

/** Display from everything the upstream said, who it is and how it was proven from the signed token alone. */
function identityFrom(
  all: Claims,
  token: Claims & { auth_time?: number },
  settings: OidcSettings,
  now: number,
): Omit<VerifiedIdentity, 'issuer' | 'said' | 'groups'> {
  const { claims, mfa } = settings;
  const subject = subjectFrom(token, settings.subject);
  if (subject === null) throw new LoginRefused('untrustworthy', `ID token: ${settings.subject.join(' and ')} do not name anybody`);
  const acr = acrFrom(token, settings.acrClaim, [mfa.phishingResistant.acr, mfa.acr]);
  return {
    connectionId: settings.id,
    subject,
    email: emailFrom(all, claims.email, settings.emailTrust),
    name: textFrom(all, claims.name),
    assurance: assuranceFrom(
      {
        ...authTimeOf(token, settings, now),
        ...(acr === null ? {} : { acr }),
        amr: amrFrom(token),
      },
      mfa,
    ),
  };
}

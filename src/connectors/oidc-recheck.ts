import * as oidc from 'openid-client';
import type { Said } from '../domain/received-claims.ts';
import { Secret } from '../domain/secret.ts';
import type { KnownSubject, Rechecked } from '../ports/connector.ts';
import { LoginRefused } from '../ports/connector.ts';
import { subjectFrom, type Claims } from './claims.ts';
import type { GroupsTold, TellGroups } from './group-lookup.ts';
import { asLoginRefused, isSpecified } from './oidc-refusals.ts';
import type { OidcSettings } from './oidc-settings.ts';
import { checkGuards } from './tenant-guard.ts';

/** The upstream's policy about the person has changed and wants them to be there. OpenID Connect Core §3.1.2.6. */
const wantsThePerson: readonly string[] = [
  'interaction_required',
  'login_required',
  'consent_required',
  'unmet_authentication_requirements',
];

interface Upstream {
  readonly config: oidc.Configuration;
  readonly settings: OidcSettings;
  readonly groupsOf: TellGroups;
}

/** What an ID token has whoever it is about: of one that has nothing else we cannot tell what it would say of a person. OpenID Connect Core §2, §3.3.2.11; §5.6.2; the last row is Entra’s. */
const inEveryToken: ReadonlySet<string> = new Set(
  [
    'iss sub aud exp iat nbf jti azp nonce at_hash c_hash s_hash sid session_state typ',
    'auth_time acr amr acrs',
    '_claim_names _claim_sources hasgroups tid oid ver rh uti aio idp acct',
  ].flatMap((names) => names.split(' ')),
);
const isBare = (token: Claims): boolean => Object.keys(token).every((name) => inEveryToken.has(name));

type IdToken = (Claims & { readonly sub: string }) | undefined;

/**
 * What an upstream says of a session when its refresh token is shown to it. RFC 6749 §6, OpenID Connect Core §12.2. How the person was
 * authenticated is never taken from here: that was proven at the sign-in or not at all.
 */
export async function recheck(upstream: Upstream, refresh_token: Secret<'upstream_token'>, known: KnownSubject): Promise<Rechecked> {
  const { config, settings } = upstream;
  try {
    const tokens = await oidc.refreshTokenGrant(config, refresh_token.reveal());
    const token: IdToken = tokens.claims();
    if (token !== undefined && !isSame(token, settings, known)) return somebodyElse;
    const more = await userinfoOf(upstream, tokens.access_token, token?.sub ?? soleSubject(settings, known));
    if (more === 'somebody-else') return somebodyElse;
    const next = tokens.refresh_token === undefined ? refresh_token : new Secret<'upstream_token'>(tokens.refresh_token);
    return { answer: 'stands', refresh_token: next, ...(await toldBy(upstream, tokens.access_token, { token, ...more })) };
  } catch (error) {
    return refused(error);
  }
}

const somebodyElse = { answer: 'over', reason: 'recheck: the answer is about somebody else' } as const;

/** The library compares neither with what was known before. OpenID Connect Core §12.2. */
function isSame(token: Claims, settings: OidcSettings, { issuer, subject }: KnownSubject): boolean {
  checkGuards(token, settings.guards);
  return token['iss'] === issuer && subjectFrom(token, settings.subject) === subject;
}

/** Whom userinfo has to be about where no ID token says it; null where that cannot be told. */
const soleSubject = ({ subject }: OidcSettings, known: KnownSubject): string | null =>
  subject.length === 1 && subject[0] === '/sub' ? known.subject : null;

interface Userinfo {
  /** Null where it was not asked, or did not answer. */
  readonly more: Claims | null;
  readonly failed?: string;
}

/** What userinfo says now. That it fails is no reason to lose the token that came before it. OpenID Connect Core §5.3.2. */
async function userinfoOf({ config, settings }: Upstream, access_token: string, sub: string | null): Promise<Userinfo | 'somebody-else'> {
  if (!settings.userinfo || sub === null) return { more: null };
  try {
    const more: Claims = await oidc.fetchUserInfo(config, access_token, oidc.skipSubjectCheck);
    return more['sub'] === sub ? { more } : 'somebody-else';
  } catch (error) {
    return { more: null, failed: asLoginRefused('userinfo', error).reason };
  }
}

interface Heard extends Userinfo {
  readonly token: IdToken;
}

type ToldNow = Omit<Extract<Rechecked, { answer: 'stands' }>, 'answer' | 'refresh_token'>;

/** What was said of the person this time, and of what it says nothing by leaving it out. */
async function toldBy({ settings, groupsOf }: Upstream, access_token: string, { token, more, failed }: Heard): Promise<ToldNow> {
  const said: Said[] = [
    ...(token === undefined ? [] : [{ from: 'ID token', claims: { ...token } } as const]),
    ...(more === null ? [] : [{ from: 'userinfo', claims: more } as const]),
  ];
  const isWhole = token !== undefined && failed === undefined && (more !== null || !isBare(token));
  const { said: _said, ...groups }: GroupsTold = await groupsOf({ ...more, ...token }, access_token);
  const { whyUnknown = failed } = groups;
  const why = groups.groups !== null || whyUnknown === undefined ? {} : { whyUnknown };
  return { ...groups, ...why, said, leavesOut: isWhole ? settings.leavesOutLater : 'any' };
}

function refused(error: unknown): Rechecked {
  const { refusal, reason } = asLoginRefused('recheck', error);
  if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant') return { answer: 'over', reason };
  if (error instanceof oidc.ResponseBodyError && wantsThePerson.includes(error.error)) return { answer: 'must-sign-in', reason };
  // Its guard names other tenants now, or the person has moved to one.
  if (error instanceof LoginRefused && error.refusal === 'foreign') return { answer: 'over', reason };
  if (isUnexplained(error)) return { answer: 'unexplained', reason };
  return { answer: refusal === 'misconfigured' ? 'misconfigured' : 'unanswered', reason };
}

/** The status of a refused grant, and no code of the specification: some servers have no more to say of a token that is dead. RFC 6749 §5.2. */
function isUnexplained(error: unknown): boolean {
  if (error instanceof oidc.ResponseBodyError) return error.status === 400 && !isSpecified(error.error);
  return error instanceof oidc.ClientError && error.cause instanceof Response && error.cause.status === 400;
}

import * as oidc from 'openid-client';
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

/**
 * What an upstream says of a session when its refresh token is shown to it. RFC 6749 §6, OpenID Connect Core §12.2. How the person was
 * authenticated is never taken from here: that was proven at the sign-in or not at all.
 */
export async function recheck(
  { config, settings, groupsOf }: Upstream,
  refresh_token: Secret<'upstream_token'>,
  known: KnownSubject,
): Promise<Rechecked> {
  try {
    const tokens = await oidc.refreshTokenGrant(config, refresh_token.reveal());
    const token: (Claims & { readonly sub: string }) | undefined = tokens.claims();
    if (token !== undefined && !isSame(token, settings, known))
      return { answer: 'over', reason: 'recheck: the answer is about somebody else' };
    const more: Claims | null =
      settings.userinfo && token !== undefined ? await oidc.fetchUserInfo(config, tokens.access_token, token.sub) : null;
    const told = tellsGroups(token, settings) ? await groupsOf({ ...more, ...token }, tokens.access_token) : {};
    const { said: _said, ...groups }: Partial<GroupsTold> = told;
    return {
      answer: 'stands',
      refresh_token: tokens.refresh_token === undefined ? refresh_token : new Secret(tokens.refresh_token),
      ...groups,
    };
  } catch (error) {
    return refused(error);
  }
}

/** The library compares neither with what was known before. OpenID Connect Core §12.2. */
function isSame(token: Claims, settings: OidcSettings, { issuer, subject }: KnownSubject): boolean {
  checkGuards(token, settings.guards);
  return token['iss'] === issuer && subjectFrom(token, settings.subject) === subject;
}

/** Whether anything is said of groups: by an ID token, or by a directory that is asked in any case. */
const tellsGroups = (token: Claims | undefined, { claims, groupLookup }: OidcSettings): boolean =>
  groupLookup?.when === 'always' || (token !== undefined && claims.groups !== null);

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

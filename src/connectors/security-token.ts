import type { CompactVerifyGetKey } from 'jose';
import { compactVerify, errors } from 'jose';
import { z } from 'zod';
import type { SignOut } from '../ports/connector.ts';
import { LoginRefused } from '../ports/connector.ts';
import type { Claims } from './claims.ts';
import { leewaySeconds } from './id-token.ts';

/** What a token an upstream sends us by itself has to fit. */
export interface Expected {
  readonly issuer: string;
  readonly client_id: string;
  readonly algorithms: readonly string[];
  readonly keys: CompactVerifyGetKey;
  /** ms since the epoch. */
  readonly now: number;
}

const signedOut = 'http://schemas.openid.net/event/backchannel-logout';
/** How old one may be that tells of something that has just happened. */
const oldestSeconds = 120;

const noKeys: readonly string[] = ['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'];

const untrustworthy = (what: string, reason: string) => new LoginRefused('untrustworthy', `${what}: ${reason}`);

async function payloadOf(what: string, token: string, typ: readonly string[], { algorithms, keys }: Expected): Promise<Claims> {
  try {
    const { payload, protectedHeader } = await compactVerify(token, keys, { algorithms: [...algorithms] });
    const type = protectedHeader.typ?.toLowerCase().replace(/^application\//, '') ?? '';
    if (!typ.includes(type)) throw untrustworthy(what, 'typ is that of another token');
    return z.record(z.string(), z.unknown()).parse(JSON.parse(new TextDecoder().decode(payload)));
  } catch (error) {
    if (error instanceof LoginRefused) throw error;
    if (error instanceof SyntaxError || error instanceof z.ZodError) throw untrustworthy(what, 'it is not a claim set');
    // Its own codes name the check that failed; what is not one of a check is that there were no keys to check with.
    if (!(error instanceof errors.JOSEError) || noKeys.includes(error.code)) throw new LoginRefused('unreachable', `${what}: no keys`);
    throw untrustworthy(what, error.code);
  }
}

/** Who says it, to whom, and that it was said just now. RFC 7519 §4.1, RFC 8417 §2.2. */
async function verified(what: string, token: string, typ: readonly string[], audience: string, expected: Expected): Promise<Claims> {
  const claims = await payloadOf(what, token, typ, expected);
  const { iss, aud, iat, exp } = claims;
  const demand = (holds: boolean, otherwise: string): void => {
    if (!holds) throw untrustworthy(what, otherwise);
  };
  const now = expected.now / 1000;
  demand(iss === expected.issuer, 'iss is not the issuer');
  demand([aud].flat().includes(audience), 'aud is not us');
  demand(typeof iat === 'number' && iat <= now + leewaySeconds && iat >= now - oldestSeconds - leewaySeconds, 'iat is not of just now');
  demand(exp === undefined || (typeof exp === 'number' && exp > now - leewaySeconds), 'exp is past');
  return claims;
}

/** OpenID Connect Back-Channel Logout §2.4, §2.6. Older upstreams leave the type out. */
export async function readLogoutToken(token: string, expected: Expected): Promise<SignOut> {
  const what = 'logout token';
  const payload = await verified(what, token, ['logout+jwt', 'jwt', ''], expected.client_id, expected);
  const { sub, sid, jti, nonce, events } = payload;
  if (nonce !== undefined) throw untrustworthy(what, 'it has a nonce, as only an ID token does');
  const isSignOut = typeof events === 'object' && events !== null && Object.hasOwn(events, signedOut);
  if (!isSignOut) throw untrustworthy(what, 'it tells of no sign-out');
  if (typeof jti !== 'string' || jti === '' || jti.length > 500) throw untrustworthy(what, 'jti is missing');
  const subject = typeof sub === 'string' && sub.length <= 255 ? sub : null;
  const session = typeof sid === 'string' && sid !== '' && sid.length <= 500 ? sid : null;
  if (subject === null && session === null) throw untrustworthy(what, 'it names neither a person nor a session');
  return { issuer: expected.issuer, subject, sid: session, jti };
}

/** draft-parecki-oauth-global-token-revocation §3.1, as Okta sends it: who asks is the issuer itself, about one of its people, to this address. */
export async function readRevocationToken(token: string, audience: string, expected: Expected): Promise<{ readonly issuer: string }> {
  const what = 'revocation token';
  const payload = await verified(what, token, ['global-token-revocation+jwt'], audience, expected);
  if (payload['sub'] !== expected.client_id) throw untrustworthy(what, 'sub is another client');
  if (payload['exp'] === undefined) throw untrustworthy(what, 'exp is missing');
  return { issuer: expected.issuer };
}

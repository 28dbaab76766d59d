import { decodeProtectedHeader } from 'jose';
import { LoginRefused } from '../ports/connector.ts';
import type { Claims } from './claims.ts';

/** How far two clocks may differ. */
export const leewaySeconds = 60;
/** From sending the browser away to its return: as long as a login may take. */
const freshLoginSeconds = 600;
/** What some write who do not know when the person signed in: nobody did in 1970. */
export const unknownTime = 0;
const longestLifeSeconds = 366 * 24 * 3600;

export interface IdTokenExpectation {
  readonly issuer: string;
  readonly client_id: string;
  readonly allowedAlgorithms: readonly string[];
  /** Seconds since the epoch. */
  readonly now: number;
  readonly freshLogin: boolean;
}

/** The checks the library leaves to its caller, on top of its own. OpenID Connect Core §3.1.3.7. */
export async function checkIdToken(id_token: string, access_token: string, claims: Claims, expected: IdTokenExpectation): Promise<void> {
  const { alg } = checkHeader(id_token, expected.allowedAlgorithms);
  demand(claims['iss'] === expected.issuer, 'iss is not the issuer');
  demand([claims['aud']].flat().includes(expected.client_id), 'aud is not us');
  demand(claims['azp'] === undefined || claims['azp'] === expected.client_id, 'azp is another client');
  checkTimes(claims, expected.now);
  const { sub } = claims;
  demand(typeof sub === 'string' && /^[^\p{Cc}]{1,255}$/u.test(sub), 'sub is not 1 to 255 characters');
  checkAuthTime(claims, expected);
  // OpenID Connect Core §3.1.3.6
  const { at_hash } = claims;
  demand(at_hash === undefined || at_hash === (await leftHalfHash(alg, access_token)), 'at_hash is of another access token');
}

/** Only the algorithm and the key's name are taken from the header; a type of its own means a token made for something else. RFC 8725 §3.11. */
function checkHeader(id_token: string, allowed: readonly string[]): { alg: string } {
  const header = decodeProtectedHeader(id_token);
  const { alg } = header;
  if (alg === undefined || !allowed.includes(alg)) throw untrustworthy('alg is not allowed');
  demand(header.typ === undefined || header.typ.toUpperCase() === 'JWT', 'typ is not that of an ID token');
  demand(!('crit' in header) && !('b64' in header) && !('zip' in header), 'header asks for an extension');
  return { alg };
}

function checkTimes(claims: Claims, now: number): void {
  const { exp, iat } = claims;
  demand(isMoment(exp) && exp > now - leewaySeconds, 'exp is past or no moment');
  demand(isMoment(iat) && iat <= now + leewaySeconds, 'iat is in the future or no moment');
  demand(isMoment(exp) && exp <= now + longestLifeSeconds, 'exp is absurdly far');
}

function checkAuthTime(claims: Claims, expected: IdTokenExpectation): void {
  const { auth_time } = claims;
  demand(
    auth_time === undefined || auth_time === unknownTime || (isMoment(auth_time) && auth_time <= expected.now + leewaySeconds),
    'auth_time is in the future or no moment',
  );
  if (!expected.freshLogin) return;
  demand(isMoment(auth_time), 'auth_time is missing although a fresh login was asked for');
  demand(isMoment(auth_time) && auth_time >= expected.now - freshLoginSeconds - leewaySeconds, 'auth_time is not that of a fresh login');
}

async function leftHalfHash(alg: string, value: string): Promise<string> {
  const bits = alg.startsWith('Ed') ? '512' : alg.slice(-3);
  const digest = new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, new TextEncoder().encode(value)));
  return Buffer.from(digest.subarray(0, digest.length / 2)).toString('base64url');
}

function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw untrustworthy(otherwise);
}

function untrustworthy(reason: string): LoginRefused {
  return new LoginRefused('untrustworthy', `ID token: ${reason}`);
}

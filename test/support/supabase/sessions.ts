import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import { base64url, signToken } from '../hostile-idp.ts';
import { GoTrueError } from './errors.ts';
import { iso, seconds, type Json, type Person, type Session, type World } from './world.ts';

/** The project's secret of old: never published. */
const sharedSecret = 'CNRYprojectsecret'.repeat(3);

export function openSession(world: World, person: Person, method: string, provider: string | null = null): Session {
  if (person.banned) throw new GoTrueError(400, 'user_banned', 'User is banned');
  const entry = { method, timestamp: seconds(world), ...(provider === null ? {} : { provider }) };
  const session: Session = { id: randomUUID(), personId: person.id, aal: 'aal1', amr: [entry], counter: 0 };
  world.sessions.set(session.id, session);
  return session;
}

/** What `/token`, `/verify` and a verified factor answer with. */
export async function sessionAnswer(world: World, session: Session, more: Json = {}): Promise<Json> {
  const person = world.people.get(session.personId);
  if (person === undefined) throw new GoTrueError(403, 'user_not_found', 'User from sub claim in JWT does not exist');
  const refresh_token = `CNRYrt${randomBytes(9).toString('hex')}`;
  world.refreshTokens.set(refresh_token, { sessionId: session.id, counter: session.counter });
  const exp = seconds(world) + 3600;
  const access_token = await sign(world, claimsOf(world, person, session, exp));
  return { access_token, token_type: 'bearer', expires_in: 3600, expires_at: exp, refresh_token, user: userOf(world, person), ...more };
}

const claimsOf = (world: World, person: Person, session: Session, exp: number): Json =>
  world.settings.claims({
    iss: world.issuer,
    sub: person.id,
    aud: 'authenticated',
    exp,
    iat: seconds(world),
    email: person.email,
    phone: '',
    app_metadata: person.app_metadata,
    user_metadata: person.user_metadata,
    role: 'authenticated',
    aal: session.aal,
    amr: session.amr,
    session_id: session.id,
    is_anonymous: person.is_anonymous,
  });

async function sign(world: World, claims: Json): Promise<string> {
  const [key] = world.keys;
  if (!world.settings.sharedSecret && key !== undefined) return signToken(claims, { alg: key.alg, kid: key.kid, typ: 'JWT' }, key);
  const signed = `${base64url({ alg: 'HS256', kid: 'legacy', typ: 'JWT' })}.${base64url(claims)}`;
  return `${signed}.${createHmac('sha256', sharedSecret).update(signed).digest('base64url')}`;
}

async function payloadOf(world: World, token: string): Promise<Json> {
  const { alg, kid } = decodeProtectedHeader(token);
  const jwk = world.keys.find((key) => key.kid === kid)?.publicJwk;
  const key = alg === 'HS256' ? new TextEncoder().encode(sharedSecret) : await importJWK(jwk ?? {}, alg);
  return JSON.parse(new TextDecoder().decode((await compactVerify(token, key)).payload)) as Json;
}

/** Who a bearer token speaks for, asked anew each time. */
export async function bearer(world: World, authorization: string | undefined): Promise<{ person: Person; session: Session }> {
  const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  if (token === undefined) throw new GoTrueError(401, 'no_authorization', 'This endpoint requires a valid Bearer token');
  const claims = await payloadOf(world, token).catch(() => null);
  if (claims === null || Number(claims['exp']) <= seconds(world)) throw new GoTrueError(403, 'bad_jwt', 'invalid JWT');
  const session = world.sessions.get(String(claims['session_id']));
  if (session === undefined) throw new GoTrueError(403, 'session_not_found', 'Session from session_id claim in JWT does not exist');
  const person = world.people.get(session.personId);
  if (person === undefined) throw new GoTrueError(403, 'user_not_found', 'User from sub claim in JWT does not exist');
  if (person.banned) throw new GoTrueError(403, 'user_banned', 'User is banned');
  return { person, session };
}

/** Tolerated one step back, whose answer is the newest; anything older ends the session. */
export async function refresh(world: World, refresh_token: string): Promise<Json> {
  const token = world.refreshTokens.get(refresh_token);
  const session = token === undefined ? undefined : world.sessions.get(token.sessionId);
  if (token === undefined || session === undefined) {
    throw new GoTrueError(400, 'refresh_token_not_found', 'Invalid Refresh Token: Refresh Token Not Found');
  }
  if (world.people.get(session.personId)?.banned === true) throw new GoTrueError(400, 'user_banned', 'Invalid Refresh Token: User Banned');
  if (token.counter < session.counter - 1) {
    world.sessions.delete(session.id);
    throw new GoTrueError(400, 'refresh_token_already_used', 'Invalid Refresh Token: Already Used');
  }
  if (token.counter === session.counter) session.counter += 1;
  return sessionAnswer(world, session);
}

export const userOf = (world: World, person: Person): Json => ({
  id: person.id,
  aud: 'authenticated',
  role: 'authenticated',
  email: person.email,
  email_confirmed_at: person.email_confirmed_at,
  last_sign_in_at: iso(world),
  app_metadata: person.app_metadata,
  user_metadata: person.user_metadata,
  is_anonymous: person.is_anonymous,
  factors: person.factors.map(({ secret: _secret, ...factor }) => factor),
});

import { randomUUID } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { GoTrueError } from './errors.ts';
import { sessionAnswer } from './sessions.ts';
import { endSession, seconds, type Factor, type Json, type Person, type Session, type World } from './world.ts';

const challengeLifetime = 300_000;
const mostFactors = 10;

interface Caller {
  readonly person: Person;
  readonly session: Session;
  readonly ip: string;
}

const device = (factor: Factor): TOTP => new TOTP({ secret: Secret.fromBase32(factor.secret) });

/** What the person's phone shows now. */
export const codeNow = (world: World, factor: Factor): string => device(factor).generate({ timestamp: world.now() });

export function newFactor(
  person: Person,
  friendly_name: string,
  status: Factor['status'],
  factor_type: Factor['factor_type'] = 'totp',
): Factor {
  const factor: Factor = { id: randomUUID(), factor_type, friendly_name, secret: new Secret({ size: 20 }).base32, status };
  person.factors.push(factor);
  return factor;
}

const factorOf = ({ person }: Caller, id: string): Factor => {
  const factor = person.factors.find((each) => each.id === id);
  if (factor === undefined) throw new GoTrueError(404, 'mfa_factor_not_found', 'Factor not found');
  return factor;
};

const isGuarded = (person: Person): boolean => person.factors.some(({ status }) => status === 'verified');

/** `POST /factors`; a further factor needs the first one. */
export function enrol(caller: Caller, body: Json): Json {
  const { person, session } = caller;
  if (body['factor_type'] !== 'totp') throw new GoTrueError(400, 'validation_failed', 'factor_type needs to be totp');
  if (isGuarded(person) && session.aal !== 'aal2') {
    throw new GoTrueError(403, 'insufficient_aal', 'AAL2 required to enroll a new factor');
  }
  if (person.factors.length >= mostFactors)
    throw new GoTrueError(422, 'too_many_enrolled_mfa_factors', 'Maximum number of factors reached');
  const name = typeof body['friendly_name'] === 'string' ? body['friendly_name'] : '';
  if (person.factors.some(({ friendly_name }) => friendly_name === name)) {
    throw new GoTrueError(422, 'mfa_factor_name_conflict', 'A factor with the friendly name for this user already exists');
  }
  const factor = newFactor(person, name, 'unverified');
  const uri = new TOTP({ issuer: 'localhost', label: person.email, secret: Secret.fromBase32(factor.secret) }).toString();
  const totp = { qr_code: '<svg xmlns="http://www.w3.org/2000/svg"/>', secret: factor.secret, uri };
  return { id: factor.id, type: 'totp', friendly_name: name, totp };
}

/** `POST /factors/{id}/challenge`, remembered with the address it came from. */
export function challenge(world: World, caller: Caller, id: string): Json {
  const factor = factorOf(caller, id);
  const made = { id: randomUUID(), factorId: factor.id, ip: caller.ip, expiresAt: world.now() + challengeLifetime };
  world.challenges.set(made.id, made);
  return { id: made.id, type: factor.factor_type, expires_at: Math.floor(made.expiresAt / 1000) };
}

/** `POST /factors/{id}/verify`: this session rises, the person's lower ones end, and its refresh tokens of before are dead. */
export async function verify(world: World, caller: Caller, id: string, body: Json): Promise<Json> {
  const factor = factorOf(caller, id);
  const { person, session, ip } = caller;
  const asked = world.challenges.get(String(body['challenge_id']));
  if (asked?.factorId !== factor.id)
    throw new GoTrueError(404, 'mfa_factor_not_found', 'MFA factor with the provided challenge ID not found');
  if (asked.ip !== ip) throw new GoTrueError(422, 'mfa_ip_address_mismatch', 'Challenge and verify IP addresses mismatch.');
  if (world.now() > asked.expiresAt) {
    world.challenges.delete(asked.id);
    throw new GoTrueError(422, 'mfa_challenge_expired', 'MFA challenge has expired, verify against another challenge.');
  }
  const code = typeof body['code'] === 'string' ? body['code'] : '';
  if (device(factor).validate({ token: code, timestamp: world.now(), window: 1 }) === null) {
    throw new GoTrueError(422, 'mfa_verification_failed', 'Invalid TOTP code entered');
  }
  world.challenges.delete(asked.id);
  factor.status = 'verified';
  session.aal = 'aal2';
  session.amr = [{ method: 'totp', timestamp: seconds(world) }, ...session.amr.filter(({ method }) => method !== 'totp')];
  session.counter += 2;
  for (const other of world.sessions.values()) {
    if (other.personId === person.id && other.id !== session.id && other.aal !== 'aal2') endSession(world, other.id);
  }
  return sessionAnswer(world, session);
}

/** `DELETE /factors/{id}` */
export function unenrol(caller: Caller, id: string): Json {
  const factor = factorOf(caller, id);
  if (factor.status === 'verified' && caller.session.aal !== 'aal2') {
    throw new GoTrueError(422, 'insufficient_aal', 'AAL2 required to unenroll verified factor');
  }
  caller.person.factors = caller.person.factors.filter((each) => each !== factor);
  return { id };
}

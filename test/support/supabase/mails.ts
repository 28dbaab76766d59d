import { randomBytes, randomInt } from 'node:crypto';
import { GoTrueError } from './errors.ts';
import { landingOf, withError } from './redirects.ts';
import { openSession, sessionAnswer } from './sessions.ts';
import { newFlow, withCode } from './social.ts';
import { addPerson, personOf, type Json, type Mail, type World } from './world.ts';

const codeLifetime = 3_600_000;
const betweenMails = 60_000;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** `POST /otp` and `POST /recover`: a mail with a code and a link; people nobody knows are made unless told otherwise. */
export function sendMail(world: World, type: Mail['type'], body: Json, redirectTo: string | null): Json {
  const email = text(body['email']);
  if (!email.includes('@')) throw new GoTrueError(400, 'validation_failed', 'Unable to validate email address: invalid format');
  const known = personOf(world, email);
  if (known === null && body['create_user'] === false) throw new GoTrueError(422, 'otp_disabled', 'Signups not allowed for otp');
  if (known === null && type === 'email') addPerson(world, { email, email_confirmed_at: null });
  if (known === null && type !== 'email') return {};
  const before = world.mailbox.findLast((mail) => mail.to === email);
  if (before !== undefined && world.now() - before.sentAt < betweenMails) {
    throw new GoTrueError(429, 'over_email_send_rate_limit', 'For security purposes, you can only request this after a while.');
  }
  const landing = landingOf(world, redirectTo, undefined);
  const challenge = text(body['code_challenge']);
  const asked = { challenge, method: text(body['code_challenge_method']), redirectTo: landing, amr: amrOf(type), provider: null };
  const flow = challenge === '' ? null : newFlow(world, asked);
  const hash = `${flow === null ? '' : 'pkce_'}${randomBytes(28).toString('hex')}`;
  const link = new URL(`${world.issuer}/verify`);
  link.search = new URLSearchParams({ token: hash, type: type === 'email' ? 'magiclink' : type, redirect_to: landing }).toString();
  const token = String(randomInt(100_000, 1_000_000));
  world.mailbox.push({ to: email, type, token, link: link.href, sentAt: world.now(), flowId: flow?.id ?? null, used: false });
  return {};
}

const amrOf = (type: Mail['type']): string => (type === 'email' ? 'otp' : type);

const expired = () => new GoTrueError(403, 'otp_expired', 'Token has expired or is invalid');

/** `POST /verify`: the code typed in. */
export async function verifyCode(world: World, body: Json): Promise<Json> {
  const [email, token, type] = [text(body['email']), text(body['token']), text(body['type'])];
  // Only the newest code of a person is worth something.
  const mail = world.mailbox.findLast((each) => each.to.toLowerCase() === email.toLowerCase());
  const person = personOf(world, email);
  const isGood = mail !== undefined && !mail.used && mail.type === type && mail.token === token && world.now() - mail.sentAt < codeLifetime;
  if (!isGood || person === null) throw expired();
  if (person.banned) throw new GoTrueError(403, 'user_banned', 'User is banned');
  mail.used = true;
  person.email_confirmed_at ??= new Date(world.now()).toISOString();
  return sessionAnswer(world, openSession(world, person, amrOf(mail.type)));
}

/** `GET /verify`: the link in a mail followed; its time counts from here. */
export function verifyLink(world: World, query: URLSearchParams): string {
  const mail = world.mailbox.find((each) => new URL(each.link).searchParams.get('token') === query.get('token'));
  const landing = landingOf(world, query.get('redirect_to'), undefined);
  const person = mail === undefined ? null : personOf(world, mail.to);
  const flow = world.flows.get(mail?.flowId ?? '');
  if (mail === undefined || mail.used || person === null || flow === undefined || world.now() - mail.sentAt >= codeLifetime) {
    return withError(landing, {
      error: 'access_denied',
      error_code: 'otp_expired',
      error_description: 'Email link is invalid or has expired',
    });
  }
  mail.used = true;
  flow.personId = person.id;
  flow.begunAt = world.now();
  return withCode(flow);
}

import { z } from 'zod';
import type { Question } from '../domain/question.ts';
import type { UpstreamAttempt } from '../domain/upstream-attempt.ts';
import { LoginRefused, type Turn } from '../ports/connector.ts';
import type { Claims } from './claims.ts';
import { asLoginRefused, GoTrueRefused } from './supabase-refusals.ts';
import { accountOf, identityOf, sessionFrom, signOut, type OpenSession, type Project } from './supabase-sessions.ts';
import { isSocial, socialNames } from './kinds/supabase-methods.ts';
import { tripTo } from './supabase-trip.ts';

/** What is kept, sealed by the flow, while a question is open. */
export const Memory = z.discriminatedUnion('at', [
  z.object({ at: z.literal('who') }),
  z.object({ at: z.literal('mail'), email: z.string() }),
  z.object({ at: z.literal('app'), access_token: z.string(), email: z.string().nullable(), factors: z.array(z.string()) }),
]);
type Memory = z.infer<typeof Memory>;
type At<Name extends Memory['at']> = Extract<Memory, { at: Name }>;

type Fields = Readonly<Record<string, string>>;

/** A person with several authenticator apps types a code of any of them. */
const mostFactors = 3;

const ask = (question: Question, memory: Memory): Turn => ({ turn: 'ask', question, memory: JSON.stringify(memory) });

/** How it begins: a site to leave for when there is one way and it leads there, else a page of ours with every way on it. */
export async function opening(project: Project, attempt: UpstreamAttempt): Promise<Turn> {
  const { methods } = project.settings;
  // When somebody signed in at a site elsewhere GoTrue does not know, so it cannot say that they did so just now.
  const social = attempt.prompt === 'login' ? [] : methods.filter(isSocial);
  const [password, mailedCode] = [methods.includes('password'), methods.includes('email_otp')];
  const [only] = social;
  if (!password && !mailedCode) {
    if (only === undefined) throw new LoginRefused('misconfigured', 'begin: no way here proves that somebody signed in just now');
    if (social.length === 1) return { turn: 'leave', url: await tripTo(project, only, attempt) };
  }
  const elsewhere = social.map((way) => ({ way, name: socialNames[way] }));
  return ask({ ask: 'who', password, mailedCode, elsewhere, email: attempt.login_hint, problem: null }, { at: 'who' });
}

/** After a first factor: whoever has a second one shows it, whether or not it was asked for, as they would everywhere else. */
export async function afterFirstFactor(project: Project, answer: Claims): Promise<Turn> {
  const session = await sessionFrom(project, answer);
  try {
    const account = await accountOf(project, session);
    if (session.claims.aal !== 'aal1' || account.factors.length === 0) return await identified(project, session, account);
    const { access_token } = session;
    const factors = account.factors.slice(0, mostFactors);
    const { email } = account;
    return ask({ ask: 'code', from: 'app', email, problem: null }, { at: 'app', access_token, email, factors });
  } catch (error) {
    await signOut(project, session.access_token);
    throw asLoginRefused('user', error);
  }
}

async function identified(project: Project, session: OpenSession, account: { email: string | null }): Promise<Turn> {
  const { isAskedAgain, requireAal2 } = project.settings;
  const identity = identityOf(project, session, account);
  const isRefused = requireAal2 && !identity.assurance.mfa;
  // One that is asked about later stays open until then.
  if (isRefused || !isAskedAgain) await signOut(project, session.access_token);
  if (isRefused) throw new LoginRefused('cancelled', 'session: requireAal2, and this person has no factor that can be asked for');
  return { turn: 'identified', identity, askedForMfa: true };
}

/** The answer to "who are you": a password, a wish for a code by mail, or another site. */
export async function answerWho(project: Project, fields: Fields, attempt: UpstreamAttempt): Promise<Turn> {
  const { methods } = project.settings;
  const { way = '' } = fields;
  const leads = isSocial(way) && methods.includes(way) && attempt.prompt !== 'login';
  if (leads) return { turn: 'leave', url: await tripTo(project, way, attempt) };
  const email = fields['email']?.trim() ?? '';
  const isAddress = email.length <= 320 && /^[^\s@]+@[^\s@]+$/.test(email);
  if (way === 'password' && methods.includes('password') && isAddress) {
    const body = { email, password: fields['password'] ?? '' };
    const answer = await judged(project, '/token?grant_type=password', body, ['invalid_credentials', 'user_banned', 'validation_failed']);
    if (answer !== null) return afterFirstFactor(project, answer);
  }
  if (way === 'email_otp' && methods.includes('email_otp') && isAddress) return mailCode(project, email);
  return wrong(await opening(project, { ...attempt, login_hint: email === '' ? attempt.login_hint : email }));
}

/** The page after it is the same whether or not anybody is known by that address; whoever was just sent a code has it. */
async function mailCode(project: Project, email: string): Promise<Turn> {
  const silent = ['otp_disabled', 'user_banned', 'over_email_send_rate_limit', 'validation_failed', 'email_address_not_authorized'];
  await judged(project, '/otp', { email, create_user: false }, silent);
  return ask({ ask: 'code', from: 'mail', email, problem: null }, { at: 'mail', email });
}

export async function answerMail(project: Project, fields: Fields, memory: At<'mail'>): Promise<Turn> {
  const { email } = memory;
  const body = { type: 'email', email, token: digitsOf(fields) };
  const answer = await judged(project, '/verify', body, ['otp_expired', 'user_banned', 'validation_failed']);
  return answer === null ? ask({ ask: 'code', from: 'mail', email, problem: 'no-match' }, memory) : afterFirstFactor(project, answer);
}

/** A challenge is made when its answer is there, so that both come from one address and none grows old. */
export async function answerApp(project: Project, fields: Fields, memory: At<'app'>): Promise<Turn> {
  const { access_token, factors, email } = memory;
  const code = digitsOf(fields);
  for (const factor of factors) {
    const path = `/factors/${factor}`;
    const made = await call(project, { path: `${path}/challenge`, body: {}, access_token });
    const answer = await judged(
      project,
      `${path}/verify`,
      { challenge_id: made['id'], code },
      ['mfa_verification_failed', 'validation_failed'],
      access_token,
    );
    if (answer !== null) return raised(project, answer, memory);
  }
  return ask({ ask: 'code', from: 'app', email, problem: 'no-match' }, memory);
}

/** The session that rose, which has to be the one that was asked to. */
async function raised(project: Project, answer: Claims, memory: At<'app'>): Promise<Turn> {
  const session = await sessionFrom(project, answer);
  const before = await project.keys.verified(memory.access_token);
  const { sub, session_id, aal } = session.claims;
  if (sub !== before['sub'] || session_id !== before['session_id'] || aal === 'aal1') {
    await signOut(project, session.access_token);
    throw new LoginRefused('untrustworthy', 'verify: not the session that was to rise');
  }
  return identified(project, session, memory);
}

const digitsOf = (fields: Fields): string => (fields['code'] ?? '').replaceAll(/[\s-]/g, '').slice(0, 20);

const wrong = (turn: Turn): Turn => (turn.turn === 'ask' ? { ...turn, question: { ...turn.question, problem: 'no-match' } } : turn);

/** Null when GoTrue says one of the words for a wrong answer. */
async function judged(
  project: Project,
  path: string,
  body: Readonly<Record<string, unknown>>,
  words: readonly string[],
  access_token?: string,
): Promise<Claims | null> {
  const answer = project.gotrue.call({ method: 'POST', path, body, ...(access_token === undefined ? {} : { access_token }) });
  return answer.catch((error: unknown) => {
    if (error instanceof GoTrueRefused && error.code !== null && words.includes(error.code)) return null;
    throw asLoginRefused('answer to us', error);
  });
}

const call = async ({ gotrue }: Project, asked: { path: string; body: object; access_token: string }): Promise<Claims> =>
  gotrue.call({ method: 'POST', ...asked, body: { ...asked.body } }).catch((error: unknown) => {
    throw asLoginRefused('challenge', error);
  });

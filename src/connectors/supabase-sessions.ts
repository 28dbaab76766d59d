import type { VerifiedIdentity } from '../domain/identity.ts';
import { Secret } from '../domain/secret.ts';
import type { Clock } from '../ports/clock.ts';
import { LoginRefused } from '../ports/connector.ts';
import { claimAt, textFrom, type Claims } from './claims.ts';
import type { GoTrueCalls } from './supabase-calls.ts';
import { assuranceOfSession, checkSession, groupsOfSession, type SessionClaims } from './supabase-claims.ts';
import type { ProjectKeys } from './supabase-keys.ts';
import { issuerOf, type SupabaseSettings } from './supabase-settings.ts';

/** What the connector's parts share. */
export interface Project {
  readonly settings: SupabaseSettings;
  readonly gotrue: GoTrueCalls;
  readonly keys: ProjectKeys;
  readonly clock: Clock;
}

/** A session at the project, checked: with its tokens one is that person there, so none outlives the sign-in unless it is to be asked about. */
export interface OpenSession {
  readonly access_token: string;
  /** Null when the project gives none. */
  readonly refresh_token: Secret<'upstream_token'> | null;
  readonly claims: SessionClaims;
}

/** What `GET /user` says now: it also refuses whoever was banned since the token was made. */
export interface Account {
  readonly email: string | null;
  /** Verified TOTP factors, by id. */
  readonly factors: readonly string[];
}

/** The session behind an answer that holds one. */
export async function openedSession({ settings, keys, clock }: Project, answer: Claims): Promise<OpenSession> {
  const { access_token, refresh_token } = answer;
  if (typeof access_token !== 'string') throw new LoginRefused('untrustworthy', 'session: no access token');
  const expected = { issuer: issuerOf(settings), now: Math.floor(clock.now() / 1000) };
  const claims = checkSession(await keys.verified(access_token), expected);
  const isUsable = typeof refresh_token === 'string' && refresh_token !== '';
  return { access_token, claims, refresh_token: isUsable ? new Secret<'upstream_token'>(refresh_token) : null };
}

/** The same at a sign-in: what fails a check is signed out again. */
export async function sessionFrom(project: Project, answer: Claims): Promise<OpenSession> {
  try {
    return await openedSession(project, answer);
  } catch (error) {
    if (typeof answer['access_token'] === 'string') await signOut(project, answer['access_token']);
    throw error;
  }
}

/** Ends this session alone: without the scope every session the person has would end. Whether it succeeds decides nothing. */
export async function signOut({ gotrue }: Project, access_token: string): Promise<void> {
  await gotrue.call({ method: 'POST', path: '/logout?scope=local', access_token }).catch(() => null);
}

export async function accountOf({ gotrue }: Project, { access_token, claims }: OpenSession): Promise<Account> {
  const [user, settings] = await Promise.all([
    gotrue.call({ method: 'GET', path: '/user', access_token }),
    gotrue.call({ method: 'GET', path: '/settings' }),
  ]);
  if (user['id'] !== claims.sub) throw new LoginRefused('untrustworthy', 'user: another person than the token names');
  const factors = Array.isArray(user['factors']) ? (user['factors'] as unknown[]).filter(isUsable).map(({ id }) => id) : [];
  // Where the project confirms every address by itself, confirmed means nothing.
  const isConfirmed = typeof user['email_confirmed_at'] === 'string' && settings['mailer_autoconfirm'] === false && !isAzuresAlone(user);
  return { email: isConfirmed ? textFrom(user, '/email') : null, factors };
}

/** Any administrator can write any address into a directory, and a project takes it for confirmed when nothing says otherwise. */
function isAzuresAlone(user: Claims): boolean {
  const providers = claimAt(user, '/app_metadata/providers');
  return Array.isArray(providers) && providers.length > 0 && providers.every((provider) => provider === 'azure');
}

function isUsable(factor: unknown): factor is { readonly id: string } {
  if (typeof factor !== 'object' || factor === null) return false;
  const { id, factor_type, status } = factor as Claims;
  return factor_type === 'totp' && status === 'verified' && typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id);
}

/** Who it is: the subject names the person, the address is for display, and the name they gave themselves is no name to go by. */
export function identityOf({ settings }: Project, session: OpenSession, { email }: Pick<Account, 'email'>): VerifiedIdentity {
  const { claims, refresh_token } = session;
  return {
    connectionId: settings.id,
    issuer: issuerOf(settings),
    subject: claims.sub,
    email,
    name: null,
    groups: groupsOfSession(claims, settings),
    assurance: assuranceOfSession(claims),
    said: [{ from: 'access token', claims }],
    ...(settings.isAskedAgain ? { session: { refresh_token, sid: claims.session_id } } : {}),
  };
}

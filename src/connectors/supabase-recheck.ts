import { Secret } from '../domain/secret.ts';
import type { KnownSubject, Rechecked } from '../ports/connector.ts';
import type { Claims } from './claims.ts';
import { groupsOfSession } from './supabase-claims.ts';
import { asLoginRefused, GoTrueRefused } from './supabase-refusals.ts';
import { openedSession, type Project } from './supabase-sessions.ts';

/** Said of the person. */
const left: readonly string[] = ['user_banned', 'user_not_found'];
/** Said of the session alone: signed out somewhere, grown old, or ended by a second step that the person took elsewhere. */
const sessionEnded: readonly string[] = ['refresh_token_not_found', 'refresh_token_already_used', 'session_not_found', 'session_expired'];

/** What GoTrue says of a session when its refresh token is shown to it. How the person signed in is never taken from here. */
export async function recheck(project: Project, refresh_token: Secret<'upstream_token'>, known: KnownSubject): Promise<Rechecked> {
  const { settings, gotrue } = project;
  try {
    const body = { refresh_token: refresh_token.reveal() };
    const answer: Claims = await gotrue.call({ method: 'POST', path: '/token?grant_type=refresh_token', body });
    const { claims, refresh_token: next } = await openedSession(project, answer);
    if (claims.iss !== known.issuer || claims.sub !== known.subject)
      return { answer: 'over', reason: 'recheck: the answer is about somebody else' };
    // The project makes this token as it made the one of the sign-in.
    const told = { groups: groupsOfSession(claims, settings), said: [{ from: 'access token', claims }], leavesOut: [] } as const;
    return { answer: 'stands', refresh_token: next ?? refresh_token, ...told };
  } catch (error) {
    return refused(error);
  }
}

function refused(error: unknown): Rechecked {
  const { refusal, reason } = asLoginRefused('recheck', error);
  const code = error instanceof GoTrueRefused ? error.code : null;
  if (code !== null && left.includes(code)) return { answer: 'over', reason };
  if (code !== null && sessionEnded.includes(code)) return { answer: 'must-sign-in', reason };
  return { answer: refusal === 'misconfigured' ? 'misconfigured' : 'unanswered', reason };
}

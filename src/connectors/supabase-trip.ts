import type { UpstreamAttempt } from '../domain/upstream-attempt.ts';
import { LoginRefused } from '../ports/connector.ts';
import type { Claims } from './claims.ts';
import { asLoginRefused, refusalOfAnswer } from './supabase-refusals.ts';
import type { Project } from './supabase-sessions.ts';
import type { SocialWay } from './kinds/supabase-methods.ts';
import { issuerOf } from './supabase-settings.ts';

const longestAnswer = 4 * 1024;

/**
 * Off to a social identity provider by way of GoTrue, which keeps a state of its own and forgets ours: ours travels in the path of the
 * address the browser comes back to. RFC 7636 §4.3.
 */
export async function tripTo({ settings }: Project, way: SocialWay, attempt: UpstreamAttempt): Promise<URL> {
  const url = new URL(`${issuerOf(settings)}/authorize`);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(attempt.code_verifier));
  url.search = new URLSearchParams({
    provider: way,
    redirect_to: `${settings.redirect_uri}/${attempt.state}`,
    code_challenge: Buffer.from(digest).toString('base64url'),
    code_challenge_method: 's256',
    // Without it Microsoft tells no address, and GoTrue takes nobody in without one.
    ...(way === 'azure' ? { scopes: 'email' } : {}),
    // The rest GoTrue passes on.
    ...(attempt.prompt === null ? {} : { prompt: attempt.prompt }),
    ...(attempt.login_hint === null ? {} : { login_hint: attempt.login_hint }),
  }).toString();
  return url;
}

/** The token response behind what the browser brought back, for the trip that began here alone: the code is bound to our verifier. */
export async function redeem({ gotrue }: Project, answer: URLSearchParams, attempt: UpstreamAttempt): Promise<Claims> {
  if (answer.toString().length > longestAnswer) throw new LoginRefused('untrustworthy', 'answer: too long');
  if (single(answer, 'state') !== attempt.state) throw new LoginRefused('untrustworthy', 'answer: not of this trip');
  const error = single(answer, 'error');
  if (error !== null) throw refusalOfAnswer(error, single(answer, 'error_code'));
  const auth_code = single(answer, 'code');
  if (auth_code === null || !/^[\w.-]{1,255}$/.test(auth_code)) throw new LoginRefused('untrustworthy', 'answer: no code');
  const body = { auth_code, code_verifier: attempt.code_verifier };
  return gotrue.call({ method: 'POST', path: '/token?grant_type=pkce', body }).catch((failure: unknown) => {
    throw asLoginRefused('token', failure);
  });
}

function single(answer: URLSearchParams, name: string): string | null {
  const values = answer.getAll(name);
  if (values.length > 1) throw new LoginRefused('untrustworthy', `answer: ${name} is repeated`);
  return values[0] ?? null;
}

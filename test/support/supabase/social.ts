import { randomUUID } from 'node:crypto';
import { GoTrueError } from './errors.ts';
import { landingOf, withError } from './redirects.ts';
import { addPerson, personOf, type FlowState, type World } from './world.ts';

/** From the start of the trip, the whole visit to the social identity provider included. */
export const flowLifetime = 300_000;

/** What GoTrue sets itself on the way to the social identity provider. */
const dropped = [
  'state',
  'redirect_uri',
  'client_id',
  'client_secret',
  'response_type',
  'code_challenge',
  'code_challenge_method',
  'provider',
  'redirect_to',
  'scopes',
];

export function newFlow(
  world: World,
  asked: { challenge: string | null; method: string | null; redirectTo: string; amr: string; provider: string | null },
): FlowState {
  const { challenge, method } = asked;
  const plain = method?.toLowerCase() === 'plain';
  if (challenge === null || !/^[A-Za-z0-9._~-]{43,128}$/.test(challenge) || !(plain || method?.toLowerCase() === 's256')) {
    throw new GoTrueError(400, 'validation_failed', 'PKCE flow requires code_challenge_method and code_challenge');
  }
  const { redirectTo, amr, provider } = asked;
  const ids = { id: randomUUID(), auth_code: randomUUID() };
  const flow: FlowState = { ...ids, redirectTo, code_challenge: challenge, plain, amr, provider, personId: null, begunAt: world.now() };
  world.flows.set(flow.id, flow);
  return flow;
}

/** `GET /authorize`: off to the social identity provider, with a state of GoTrue's own. */
export function authorize(world: World, query: URLSearchParams, referrer: string | undefined): string {
  const provider = query.get('provider') ?? '';
  if (!world.settings.social.includes(provider)) {
    throw new GoTrueError(400, 'validation_failed', 'Unsupported provider: provider is not enabled');
  }
  const flow = newFlow(world, {
    challenge: query.get('code_challenge'),
    method: query.get('code_challenge_method'),
    redirectTo: landingOf(world, query.get('redirect_to'), referrer),
    amr: world.settings.loginMethod,
    provider,
  });
  const url = new URL(`${world.origin}/social/${provider}`);
  for (const [name, value] of query) if (!dropped.includes(name)) url.searchParams.append(name, value);
  url.searchParams.set('state', flow.id);
  url.searchParams.set('scope', query.get('scopes')?.replaceAll(',', ' ') ?? '');
  return url.href;
}

/** The page of a social identity provider: it believes whoever it is told. */
export const socialPage = (provider: string, state: string): string =>
  `<!doctype html><title>${provider}</title><h1>Sign in with ${provider}</h1><form action="/social/${provider}/done" method="get">
<input type="hidden" name="state" value="${encodeURIComponent(state)}" /><input name="login" value="" />
<button name="decision" value="allow">Continue</button><button name="decision" value="deny">Cancel</button></form>`;

/** What it says to GoTrue's callback. */
export function socialAnswer(world: World, query: URLSearchParams): string {
  const url = new URL(`${world.issuer}/callback`);
  url.searchParams.set('state', query.get('state') ?? '');
  if (query.get('decision') === 'deny') url.searchParams.set('error', 'access_denied');
  else url.searchParams.set('code', Buffer.from(query.get('login') ?? '').toString('base64url'));
  return url.href;
}

/** `GET /callback`: back to where the flow began, with a code bound to its challenge. */
export function callback(world: World, query: URLSearchParams): string {
  const flow = world.flows.get(query.get('state') ?? '');
  const failed = (landing: string, error: string, error_code: string, error_description: string) =>
    withError(landing, { error, error_code, error_description });
  if (flow === undefined) {
    return failed(world.settings.siteUrl, 'invalid_request', 'bad_oauth_state', 'OAuth state not found or expired');
  }
  if (world.now() - flow.begunAt > flowLifetime) {
    return failed(flow.redirectTo, 'invalid_request', 'flow_state_expired', 'Flow state has expired');
  }
  if (query.has('error')) return failed(flow.redirectTo, 'access_denied', 'access_denied', 'The person said no');
  const email = Buffer.from(query.get('code') ?? '', 'base64url').toString();
  const known = personOf(world, email);
  if (known === null && !world.settings.signups) {
    return failed(flow.redirectTo, 'access_denied', 'signup_disabled', 'Signups not allowed for this instance');
  }
  const provider = flow.provider ?? 'email';
  const person = known ?? addPerson(world, { email, app_metadata: { provider, providers: [provider] } });
  if (person.banned) return failed(flow.redirectTo, 'access_denied', 'user_banned', 'User is banned');
  flow.personId = person.id;
  return withCode(flow);
}

export function withCode({ redirectTo, auth_code }: FlowState): string {
  const url = new URL(redirectTo);
  url.searchParams.set('code', auth_code);
  return url.href;
}

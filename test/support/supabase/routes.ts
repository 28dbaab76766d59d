import type { IncomingMessage } from 'node:http';
import { GoTrueError } from './errors.ts';
import { challenge, enrol, unenrol, verify } from './factors.ts';
import { countRequest, type Limited } from './limits.ts';
import { sendMail, verifyCode, verifyLink } from './mails.ts';
import { bearer, userOf } from './sessions.ts';
import { authorize, callback, socialAnswer, socialPage } from './social.ts';
import { token } from './tokens.ts';
import { endSession, type Json, type Person, type World } from './world.ts';

export interface Asked {
  readonly world: World;
  readonly url: URL;
  readonly ip: string;
  readonly body: Json;
  readonly authorization: string | undefined;
  readonly referrer: string | undefined;
}

export type Answered =
  | { readonly status: number; readonly json: unknown; readonly headers?: Record<string, string> }
  | { readonly status: number; readonly location: string }
  | { readonly html: string };

interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly limit?: Limited;
  /** Answers without an `apikey`. */
  readonly open?: true;
  answer(asked: Asked, part: string): Answered | Promise<Answered>;
}

const ok = (json: unknown): Answered => ({ status: 200, json });
const found = (location: string, status = 302): Answered => ({ status, location });

async function caller({ world, authorization, ip }: Asked) {
  return { ...(await bearer(world, authorization)), ip };
}

const table: readonly Route[] = [
  {
    method: 'GET',
    path: /^\/health$/,
    answer: () => ok({ version: 'v2.196.0', name: 'GoTrue', description: 'GoTrue is a user registration and authentication API' }),
  },
  { method: 'GET', path: /^\/settings$/, answer: ({ world }) => ok(settingsOf(world)) },
  {
    method: 'GET',
    path: /^\/\.well-known\/jwks\.json$/,
    open: true,
    answer: ({ world }) => ({ ...ok(keySetOf(world)), headers: { 'cache-control': 'public, max-age=600' } }),
  },
  {
    method: 'GET',
    path: /^\/authorize$/,
    open: true,
    answer: ({ world, url, referrer }) => found(authorize(world, url.searchParams, referrer)),
  },
  { method: 'GET', path: /^\/callback$/, open: true, answer: ({ world, url }) => found(callback(world, url.searchParams)) },
  {
    method: 'POST',
    path: /^\/token$/,
    limit: 'token',
    answer: async ({ world, url, body }) => ok(await token(world, url.searchParams.get('grant_type'), body)),
  },
  {
    method: 'POST',
    path: /^\/otp$/,
    limit: 'otp',
    answer: ({ world, url, body }) => ok(sendMail(world, 'email', body, url.searchParams.get('redirect_to'))),
  },
  {
    method: 'POST',
    path: /^\/recover$/,
    limit: 'otp',
    answer: ({ world, url, body }) => ok(sendMail(world, 'recovery', body, url.searchParams.get('redirect_to'))),
  },
  {
    method: 'GET',
    path: /^\/verify$/,
    limit: 'verify',
    open: true,
    answer: ({ world, url }) => found(verifyLink(world, url.searchParams), 303),
  },
  { method: 'POST', path: /^\/verify$/, limit: 'verify', answer: async ({ world, body }) => ok(await verifyCode(world, body)) },
  { method: 'GET', path: /^\/user$/, answer: async (asked) => ok(userOf(asked.world, (await caller(asked)).person)) },
  { method: 'PUT', path: /^\/user$/, limit: 'user', answer: async (asked) => ok(changeUser(asked, (await caller(asked)).person)) },
  { method: 'POST', path: /^\/logout$/, answer: logout },
  { method: 'POST', path: /^\/factors$/, answer: async (asked) => ok(enrol(await caller(asked), asked.body)) },
  {
    method: 'POST',
    path: /^\/factors\/([^/]+)\/challenge$/,
    limit: 'mfa',
    answer: async (asked, id) => ok(challenge(asked.world, await caller(asked), id)),
  },
  {
    method: 'POST',
    path: /^\/factors\/([^/]+)\/verify$/,
    limit: 'mfa',
    answer: async (asked, id) => ok(await verify(asked.world, await caller(asked), id, asked.body)),
  },
  { method: 'DELETE', path: /^\/factors\/([^/]+)$/, answer: async (asked, id) => ok(unenrol(await caller(asked), id)) },
];

/** One request, answered or refused with a `GoTrueError`. */
export async function routes(request: IncomingMessage, asked: Asked): Promise<Answered> {
  const { url, world, ip } = asked;
  const social = /^\/social\/([a-z]+)(\/done)?$/.exec(url.pathname);
  if (social?.[2] !== undefined) return found(socialAnswer(world, url.searchParams));
  if (social?.[1] !== undefined) return { html: socialPage(social[1], url.searchParams.get('state') ?? '') };
  const path = url.pathname.startsWith('/auth/v1/') ? url.pathname.slice('/auth/v1'.length) : '';
  const route = table.find((each) => each.method === request.method && each.path.test(path));
  if (route === undefined) return { status: 404, json: { code: 404, msg: 'not found' } };
  if (route.open !== true && (request.headers['apikey'] ?? url.searchParams.get('apikey')) !== world.publishableKey) {
    // It is the gateway in front that says this, not GoTrue.
    return { status: 401, json: { message: 'Invalid API key', hint: 'Double check your Supabase `anon` or `service_role` API key.' } };
  }
  if (route.limit !== undefined) countRequest(world, route.limit, ip);
  return route.answer(asked, route.path.exec(path)?.[1] ?? '');
}

const keySetOf = ({ settings, keys }: World): Json => ({ keys: settings.sharedSecret ? [] : keys.map(({ publicJwk }) => publicJwk) });

const settingsOf = ({ settings }: World): Json => ({
  external: {
    ...Object.fromEntries(['google', 'azure', 'github', 'apple'].map((name) => [name, settings.social.includes(name)])),
    email: true,
  },
  disable_signup: !settings.signups,
  mailer_autoconfirm: settings.autoconfirm,
  phone_autoconfirm: false,
  sms_provider: 'twilio',
  saml_enabled: false,
});

/** People may write what they like about themselves into `user_metadata`, and nothing into `app_metadata`. */
function changeUser({ world, body }: Asked, person: Person): Json {
  if (typeof body['data'] === 'object') person.user_metadata = { ...person.user_metadata, ...(body['data'] as Json) };
  if (typeof body['password'] === 'string') person.password = body['password'];
  return userOf(world, person);
}

async function logout(asked: Asked): Promise<Answered> {
  const { world, url } = asked;
  const { person, session } = await caller(asked);
  const scope = url.searchParams.get('scope') ?? 'global';
  if (!['global', 'local', 'others'].includes(scope))
    throw new GoTrueError(400, 'validation_failed', `Unsupported logout scope "${scope}"`);
  for (const each of world.sessions.values()) {
    const isThis = each.id === session.id;
    if (each.personId === person.id && (scope === 'global' || isThis === (scope === 'local'))) endSession(world, each.id);
  }
  return { status: 204, json: null };
}

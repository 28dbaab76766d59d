import { GoTrueError } from './errors.ts';
import { openSession, refresh, sessionAnswer } from './sessions.ts';
import { flowLifetime } from './social.ts';
import { challengeOf, personOf, type Json, type World } from './world.ts';

const text = (body: Json, name: string): string => {
  const value = body[name];
  return typeof value === 'string' ? value : '';
};

/** `POST /token`, by grant type. */
export async function token(world: World, grant: string | null, body: Json): Promise<Json> {
  if (grant === 'password') return password(world, text(body, 'email'), text(body, 'password'));
  if (grant === 'pkce') return pkce(world, text(body, 'auth_code'), text(body, 'code_verifier'));
  if (grant === 'refresh_token') return refresh(world, text(body, 'refresh_token'));
  throw new GoTrueError(400, 'invalid_credentials', 'unsupported_grant_type');
}

async function password(world: World, email: string, given: string): Promise<Json> {
  const person = personOf(world, email);
  const wrong = new GoTrueError(400, 'invalid_credentials', 'Invalid login credentials');
  if (person === null || person.password === null) throw wrong;
  if (person.banned) throw new GoTrueError(400, 'user_banned', 'User is banned');
  if (person.password !== given) throw wrong;
  if (person.email_confirmed_at === null) throw new GoTrueError(400, 'email_not_confirmed', 'Email not confirmed');
  return sessionAnswer(world, openSession(world, person, 'password'));
}

/** Spent by succeeding; one that is shown with a wrong verifier stays. */
async function pkce(world: World, auth_code: string, code_verifier: string): Promise<Json> {
  if (auth_code === '' || code_verifier === '') {
    throw new GoTrueError(400, 'validation_failed', 'invalid request: both auth code and code verifier should be non-empty');
  }
  const flow = [...world.flows.values()].find((each) => each.auth_code === auth_code && each.personId !== null);
  const person = flow === undefined ? undefined : world.people.get(flow.personId ?? '');
  if (flow === undefined || person === undefined) {
    throw new GoTrueError(404, 'flow_state_not_found', 'invalid flow state, no valid flow state found');
  }
  if (world.now() - flow.begunAt > flowLifetime) {
    throw new GoTrueError(422, 'flow_state_expired', 'invalid flow state, flow state has expired');
  }
  if ((flow.plain ? code_verifier : challengeOf(code_verifier)) !== flow.code_challenge) {
    throw new GoTrueError(400, 'bad_code_verifier', 'code challenge does not match previously saved code verifier');
  }
  world.flows.delete(flow.id);
  const session = openSession(world, person, flow.amr, flow.provider);
  const tokens = flow.provider === null ? {} : { provider_token: 'CNRYprovidertoken', provider_refresh_token: 'CNRYproviderrefresh' };
  return sessionAnswer(world, session, tokens);
}

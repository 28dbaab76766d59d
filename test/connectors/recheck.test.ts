import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/domain/secret.ts';
import { openHostileIdp, signToken, type HostileIdp } from '../support/hostile-idp.ts';
import { clock, connectorTo, login } from './support.ts';

let idp: HostileIdp;
beforeAll(async () => {
  idp = await openHostileIdp();
});
afterEach(() => {
  idp.script = {};
});
afterAll(() => idp.close());

const token = () => new Secret<'upstream_token'>('CNRYrefresh');
const known = () => ({ issuer: idp.issuer, subject: 'person-1' });
const seconds = () => Math.floor(clock.now() / 1000);

/** The token endpoint answers a refresh with this. */
function answers(status: number, body: object | string, type = 'application/json'): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  idp.script = { raw: { '/token': (_request, response) => void response.writeHead(status, { 'content-type': type }).end(text) } };
}

const tokens = (more: object = {}) => ({ access_token: 'CNRYaccess', token_type: 'Bearer', expires_in: 300, ...more });
const idToken = (claims: object = {}, key = idp.key) =>
  signToken(
    { iss: idp.issuer, aud: idp.client_id, sub: 'person-1', iat: seconds(), exp: seconds() + 300, ...claims },
    { alg: 'ES256', kid: idp.key.kid },
    key,
  );

async function asked(more: Parameters<typeof connectorTo>[1] = {}) {
  const answer = await connectorTo(idp, more).recheck?.(token(), known());
  if (answer === undefined) throw new Error('cannot be asked');
  expect(JSON.stringify(answer)).not.toMatch(/CNRY|eyJ/);
  return answer;
}

describe('asking an upstream again with its refresh token', () => {
  it('hears that the session stands, with the token that follows and the groups if they are told', async () => {
    answers(200, tokens({ refresh_token: 'next', id_token: await idToken({ groups: ['eng'] }) }));
    const answer = await asked();
    expect(answer).toMatchObject({ answer: 'stands', groups: ['eng'] });
    expect(answer.answer === 'stands' && answer.refresh_token.reveal()).toBe('next');
    const form = new URLSearchParams(idp.requests.findLast(({ path }) => path === '/token')?.body);
    expect(Object.fromEntries(form)).toMatchObject({ grant_type: 'refresh_token', refresh_token: 'CNRYrefresh' });
  });

  it('keeps the token where none follows, and knows nothing of groups where there is no ID token', async () => {
    answers(200, tokens());
    const answer = await asked();
    expect(answer.answer === 'stands' && answer.refresh_token.reveal()).toBe('CNRYrefresh');
    expect(answer).not.toHaveProperty('groups');
  });

  it('takes a list that is kept elsewhere for unknown', async () => {
    answers(200, tokens({ id_token: await idToken({ _claim_names: { groups: 'src1' } }) }));
    expect(await asked()).toMatchObject({ answer: 'stands', groups: null });
  });

  it.each<[string, number, object | string, string]>([
    ['a revoked, expired or disabled one [Q-LEAVE-01]', 400, { error: 'invalid_grant' }, 'over'],
    ['a policy that wants the person [Q-LEAVE-02]', 400, { error: 'interaction_required' }, 'must-sign-in'],
    ['consent taken back [Q-LEAVE-02]', 400, { error: 'consent_required' }, 'must-sign-in'],
    ['our secret refused [Q-LEAVE-03]', 401, { error: 'invalid_client' }, 'misconfigured'],
    ['our registration changed [Q-LEAVE-03]', 400, { error: 'unauthorized_client' }, 'misconfigured'],
    ['a refusal without a word [Q-LEAVE-05]', 400, '', 'unexplained'],
    ['a refusal in a word of its own [Q-LEAVE-05]', 400, { error: 'user_is_gone' }, 'unexplained'],
    ['a proxy that lets nobody through', 403, '', 'misconfigured'],
    ['a server that fails [Q-LEAVE-04]', 500, { error: 'server_error' }, 'unanswered'],
    ['a server that fails in HTML [Q-LEAVE-04]', 502, '<h1>Bad Gateway</h1>', 'unanswered'],
    ['one that is throttled [Q-LEAVE-06]', 429, { error: 'slow_down' }, 'unanswered'],
    ['one that is throttled by its gateway [Q-LEAVE-06]', 429, '<h1>Too many</h1>', 'unanswered'],
    ['one that waited too long for us [Q-LEAVE-08]', 408, '', 'unanswered'],
    ['two requests at a time [Q-LEAVE-08]', 409, { code: 409, error_code: 'conflict' }, 'unanswered'],
    ['one that finds it too early [Q-LEAVE-08]', 425, '', 'unanswered'],
    ['a sign-in that is wanted [Q-LEAVE-02]', 400, { error: 'login_required' }, 'must-sign-in'],
    ['an error while the server fails', 503, { error: 'invalid_request' }, 'unanswered'],
  ])('tells %s', async (_what, status, body, answer) => {
    answers(status, body);
    expect(await asked()).toMatchObject({ answer });
  });

  it('tells a dead upstream from a person who left [Q-LEAVE-07]', async () => {
    idp.script = { raw: { '/token': (request) => void request.destroy() } };
    expect(await asked()).toMatchObject({ answer: 'unanswered' });
    idp.script = { raw: { '/.well-known/openid-configuration': (request) => void request.destroy() } };
    expect(await asked()).toMatchObject({ answer: 'unanswered' });
    idp.script = { raw: { '/token': () => undefined } };
    expect(await asked({ timeoutSeconds: 0.3 })).toMatchObject({ answer: 'unanswered' });
  });

  it.each<[string, () => Promise<object>, string]>([
    ['another subject [Q-ANY-05]', async () => ({ id_token: await idToken({ sub: 'person-2' }) }), 'over'],
    ['another issuer', async () => ({ id_token: await idToken({ iss: 'http://127.0.0.1:1' }) }), 'unanswered'],
    ['another client', async () => ({ id_token: await idToken({ aud: 'somebody-else' }) }), 'unanswered'],
    ['a signature of nobody', async () => ({ id_token: `${(await idToken()).slice(0, -6)}AAAAAA` }), 'unanswered'],
  ])('never believes an answer about %s', async (_what, more, answer) => {
    answers(200, tokens({ refresh_token: 'next', ...(await more()) }));
    expect(await asked()).toMatchObject({ answer });
  });

  it('says nothing of how the person signed in, whatever its ID token says of that [Q-ANY-10]', async () => {
    const said = { acr: 'urn:example:2fa', amr: ['mfa'], auth_time: seconds(), groups: ['eng'] };
    answers(200, tokens({ refresh_token: 'next', id_token: await idToken(said) }));
    expect(await asked()).toEqual({ answer: 'stands', refresh_token: expect.any(Secret), groups: ['eng'] });
  });

  it('has the refresh token and the session’s name from the sign-in', async () => {
    const { session } = await login(connectorTo(idp), idp, {
      claims: (claims) => ({ ...claims, sid: 'session-1' }),
      tokenResponse: (body) => ({ ...body, refresh_token: 'first' }),
    });
    expect([session?.refresh_token?.reveal(), session?.sid]).toEqual(['first', 'session-1']);
    const none = await login(connectorTo(idp), idp);
    expect(none.session).toEqual({ refresh_token: null, sid: null });
  });
});

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

  it('keeps the token where none follows, and knows nothing of the person where there is no ID token', async () => {
    answers(200, tokens());
    const answer = await asked();
    expect(answer.answer === 'stands' && answer.refresh_token.reveal()).toBe('CNRYrefresh');
    expect(answer).toMatchObject({ groups: null, said: [], leavesOut: 'any' });
    expect(answer).not.toHaveProperty('whyUnknown');
    const none = await asked({ claims: { email: '/email', groups: null, name: '/name' } });
    expect(none).toMatchObject({ groups: [] });
  });

  it('hears everything that an ID token with claims of the person says, and takes it for all there is [Q-ANY-23]', async () => {
    answers(200, tokens({ id_token: await idToken({ groups: ['eng'], department: 'sales' }) }));
    expect(await asked()).toMatchObject({ said: [{ from: 'ID token', claims: { department: 'sales' } }], leavesOut: [] });
    answers(200, tokens({ id_token: await idToken({ email: 'ana@corp.example' }) }));
    expect(await asked()).toMatchObject({ groups: null, leavesOut: [] });
  });

  it.each<[string, object]>([
    ['says only who it is', {}],
    ['says how they signed in', { acr: '1', amr: ['pwd'], auth_time: 1, sid: 's', nonce: 'n', at_hash: 'a' }],
    ['says only that groups are elsewhere', { _claim_names: { groups: 'src1' }, _claim_sources: { src1: {} } }],
  ])('takes nothing for gone by an ID token that %s [Q-ANY-23]', async (_what, said) => {
    answers(200, tokens({ id_token: await idToken(said) }));
    expect(await asked()).toMatchObject({ groups: null, leavesOut: 'any' });
  });

  describe('where userinfo is asked too', () => {
    /** The refresh brings this, and userinfo answers with that. */
    function speaks(given: object, status: number, info: object | null): void {
      const json = { 'content-type': 'application/json' };
      idp.script = {
        raw: {
          '/token': (_request, response) => void response.writeHead(200, json).end(JSON.stringify(tokens(given))),
          '/userinfo': (request, response) =>
            info === null ? void request.destroy() : void response.writeHead(status, json).end(JSON.stringify(info)),
        },
      };
    }
    const userinfo = true;

    it('what it says and what the ID token says count together, and what neither says is gone', async () => {
      speaks({ id_token: await idToken() }, 200, { sub: 'person-1', groups: ['eng'], department: 'sales' });
      const answer = await asked({ userinfo });
      expect(answer).toMatchObject({ groups: ['eng'], leavesOut: [] });
      expect(answer.answer === 'stands' && answer.said.map(({ from }) => from)).toEqual(['ID token', 'userinfo']);
    });

    it('it is asked without an ID token too, and then what it leaves out may be what an ID token says', async () => {
      speaks({ refresh_token: 'next' }, 200, { sub: 'person-1', groups: ['ops'] });
      expect(await asked({ userinfo })).toMatchObject({
        answer: 'stands',
        groups: ['ops'],
        said: [{ from: 'userinfo', claims: { groups: ['ops'] } }],
        leavesOut: 'any',
      });
    });

    it.each<[string, object]>([
      ['with an ID token', { id: true }],
      ['without one', {}],
    ])('about somebody else it ends what was granted, %s [Q-ANY-05]', async (_what, how) => {
      const given = 'id' in how ? { id_token: await idToken() } : {};
      speaks(given, 200, { sub: 'person-2', groups: ['admins'] });
      expect(await asked({ userinfo })).toMatchObject({ answer: 'over' });
    });

    it.each<[string, number, object | null]>([
      ['fails', 503, {}],
      ['refuses', 401, {}],
      ['breaks off', 200, null],
    ])('one that %s loses no refresh token, and leaves unknown what it would have said', async (_what, status, info) => {
      speaks({ refresh_token: 'next', id_token: await idToken({ email: 'ana@corp.example' }) }, status, info);
      const answer = await asked({ userinfo });
      expect(answer).toMatchObject({ answer: 'stands', groups: null, leavesOut: 'any', whyUnknown: expect.stringMatching(/^userinfo: /) });
      expect(answer.answer === 'stands' && answer.refresh_token.reveal()).toBe('next');
      speaks({ id_token: await idToken({ groups: ['eng'] }) }, status, info);
      const told = await asked({ userinfo });
      expect(told).toMatchObject({ groups: ['eng'], leavesOut: 'any' });
      expect(told).not.toHaveProperty('whyUnknown');
    });
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
    const answer = await asked();
    expect(Object.keys(answer).toSorted()).toEqual(['answer', 'groups', 'leavesOut', 'refresh_token', 'said']);
    expect(answer).not.toHaveProperty('assurance');
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

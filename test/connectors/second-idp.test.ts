/** The connector with an OpenID provider that shares no code, language or author with ours. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { openOidcConnector } from '../../src/connectors/oidc.ts';
import type { OidcSettingsInput } from '../../src/connectors/oidc-settings.ts';
import { noDemand } from '../../src/domain/assurance-demand.ts';
import type { VerifiedIdentity } from '../../src/domain/identity.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { Connector } from '../../src/ports/connector.ts';
import { openGlewlwyd, type Glewlwyd } from '../support/glewlwyd.ts';
import { needs } from '../support/prerequisites.ts';
import { attempt, clock, refusalOf } from './support.ts';

const redirect_uri = 'http://localhost:4000/login/corp/callback';
let idp: Glewlwyd;
/** What the token endpoint answered last, as it came. */
let answered: Record<string, unknown>;

const remembering = async (url: string, request: object): Promise<Response> => {
  const response = await fetch(url, request as RequestInit);
  if (url.endsWith('/token'))
    answered = (await response
      .clone()
      .json()
      .catch(() => ({}))) as Record<string, unknown>;
  return response;
};

function connectorTo(more: Partial<OidcSettingsInput> = {}): Connector {
  const settings: OidcSettingsInput = {
    id: ConnectionId.parse('corp'),
    name: 'Corp',
    issuer: idp.issuer,
    client_id: idp.client_id,
    client_secret: new Secret<'client_secret'>(idp.client_secret),
    tokenEndpointAuthMethod: 'client_secret_post',
    redirect_uri,
    scopes: ['openid', 'profile', 'email'],
    claims: { email: '/email', name: '/name', groups: '/groups' },
    mfa: { acr_values: [], acr: [], amr: ['mfa', 'otp'] },
    ...more,
  };
  return openOidcConnector(settings, { clock, fetch: remembering });
}

async function login(connector: Connector, trip = attempt()): Promise<VerifiedIdentity> {
  return connector.complete(await idp.visit(await connector.begin(trip)), trip);
}

const having = (answer: URLSearchParams, more: Record<string, string>) => new URLSearchParams({ ...Object.fromEntries(answer), ...more });
const said = () => decodeJwt(String(answered['id_token']));
const sessionOf = ({ issuer, subject, session }: VerifiedIdentity) => {
  if (session?.refresh_token === null || session?.refresh_token === undefined) throw new Error('no refresh token');
  return [session.refresh_token, { issuer, subject }] as const;
};
const recheck = async (who: VerifiedIdentity, more: Partial<OidcSettingsInput> = {}) => connectorTo(more).recheck?.(...sessionOf(who));

needs('glewlwyd', 'a second, independent OpenID provider', (program) => {
  beforeAll(async () => {
    idp = await openGlewlwyd(program, { redirect_uri });
    process.stderr.write(`The second OpenID provider of the tests: glewlwyd ${idp.version}\n`);
  });
  afterAll(() => idp.close());

  describe('a sign-in', () => {
    it('goes through as it is: endpoints with two slashes, PKCE, nonce, signature, issuer in the answer [Q-GLEWLWYD-03]', async () => {
      const connector = connectorTo();
      const url = await connector.begin(attempt());
      expect(url.href).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\/api\/op\/auth\?/);
      expect(url.searchParams.get('code_challenge_method')).toBe('S256');
      const who = await login(connector);
      expect(who).toMatchObject({ connectionId: 'corp', issuer: idp.issuer, name: 'Ana Anders', email: 'ana@corp.example' });
      expect(who.subject).toBe(said().sub);
    });

    it('has userinfo where it is configured, about the same person', async () => {
      const found = await login(connectorTo({ userinfo: true }));
      expect(found).toMatchObject({ subject: said().sub, name: 'Ana Anders' });
    });

    it.each<[string, (trip: ReturnType<typeof attempt>, answer: URLSearchParams) => [ReturnType<typeof attempt>, URLSearchParams], RegExp]>(
      [
        ['another verifier', (trip, answer) => [{ ...trip, code_verifier: attempt().code_verifier }, answer], /^login: /],
        ['another nonce', (trip, answer) => [{ ...trip, nonce: attempt().nonce }, answer], /nonce/],
        ['another state', (trip, answer) => [{ ...trip, state: attempt().state }, answer], /state/],
        ['the name of another issuer', (trip, answer) => [trip, having(answer, { iss: 'https://other.example.com' })], /iss/],
        ['a code of nobody', (trip, answer) => [trip, having(answer, { code: 'CNRYcode' })], /^login: /],
      ],
    )('with %s is refused', async (_what, spoil, reason) => {
      const connector = connectorTo();
      const trip = attempt();
      const answer = await idp.visit(await connector.begin(trip));
      const [spoiled, given] = spoil(trip, answer);
      const { refusal, reason: why } = await refusalOf(connector.complete(given, spoiled));
      expect([refusal, why]).toEqual([expect.stringMatching(/untrustworthy|misconfigured/), expect.stringMatching(reason)]);
      expect((await login(connector)).name).toBe('Ana Anders');
    });

    it('is refused with a secret that is not ours, and the answer says whose fault it is', async () => {
      const found = await refusalOf(login(connectorTo({ client_secret: new Secret('CNRYother') })));
      expect(found).toEqual({ refusal: 'misconfigured', reason: 'login: unauthorized_client with status 403' });
    });

    it('needs the secret posted: in the header it does not decode it, which is told as our credential refused [Q-GLEWLWYD-05]', async () => {
      const found = await refusalOf(login(connectorTo({ tokenEndpointAuthMethod: 'client_secret_basic' })));
      expect(found).toEqual({ refusal: 'misconfigured', reason: 'login: unauthorized_client with status 403' });
    });

    it('with a code that was used is refused', async () => {
      const connector = connectorTo();
      const trip = attempt();
      const answer = await idp.visit(await connector.begin(trip));
      await connector.complete(answer, trip);
      expect((await refusalOf(connector.complete(answer, trip))).reason).toMatch(/^login: /);
    });
  });

  describe('how the person signed in', () => {
    it('is unknown: amr "session" proves nothing, auth_time 0 is no time [S3.07] [Q-GLEWLWYD-01] [Q-GLEWLWYD-02]', async () => {
      const { assurance } = await login(connectorTo());
      expect(said()).toMatchObject({ amr: ['session'], auth_time: 0 });
      expect(assurance).toMatchObject({ amrAsSaid: ['session'], amr: [], mfa: false, auth_time: null, authTimeSource: null, evidence: [] });
    });

    it('is no fresh sign-in where one was asked for: it refuses the question, and to one without it the answer is not enough [Q-GLEWLWYD-08]', async () => {
      const trip = attempt({ prompt: 'login' });
      const connector = connectorTo();
      expect(await refusalOf(login(connector, trip))).toEqual({ refusal: 'misconfigured', reason: 'login: invalid_request' });
      const url = await connector.begin(trip);
      expect(url.searchParams.get('max_age')).toBe('0');
      url.searchParams.delete('max_age');
      const found = await refusalOf(connector.complete(await idp.visit(url), trip));
      expect(found).toEqual({ refusal: 'untrustworthy', reason: expect.stringMatching(/auth_time is missing/) });
    });

    it('leaves a demand for a recent one to whoever judges it, with nothing to judge by', async () => {
      const { assurance } = await login(connectorTo(), attempt({ demand: { ...noDemand, maxAge: 900 } }));
      expect(assurance.auth_time).toBeNull();
    });
  });

  describe('asked again', () => {
    it('gives no ID token and no new refresh token: the old one is kept, and nothing is known of groups [Q-GLEWLWYD-04]', async () => {
      const who = await login(connectorTo());
      const answer = await recheck(who);
      expect(Object.keys(answered)).not.toContain('id_token');
      expect(Object.keys(answered)).not.toContain('refresh_token');
      expect(answer).toMatchObject({ answer: 'stands', refresh_token: who.session?.refresh_token, said: [], leavesOut: 'any' });
      expect(await recheck(who)).toMatchObject({ answer: 'stands' });
    });

    it('about somebody who was disabled it still says that the session stands, and is believed [Q-GLEWLWYD-07]', async () => {
      const who = await login(connectorTo());
      await idp.setEnabled(false);
      try {
        expect(await recheck(who)).toMatchObject({ answer: 'stands' });
        await expect(login(connectorTo())).rejects.toThrow(/does not let ana in/);
      } finally {
        await idp.setEnabled(true);
      }
    });

    it('that is stopped does not answer, which says nothing of the person; begun again it does', async () => {
      const [who, warm] = [await login(connectorTo()), connectorTo()];
      await warm.warmUp();
      await idp.stop();
      try {
        expect(await recheck(who)).toMatchObject({
          answer: 'unanswered',
          reason: expect.stringMatching(/^discovery: (ECONNREFUSED|no answer)$/),
        });
        expect(await warm.recheck?.(...sessionOf(who))).toMatchObject({
          answer: 'unanswered',
          reason: expect.stringMatching(/^recheck: (ECONNREFUSED|no answer)$/),
        });
        expect((await refusalOf(login(connectorTo()))).refusal).toBe('unreachable');
      } finally {
        await idp.start();
      }
      expect(await warm.recheck?.(...sessionOf(who))).toMatchObject({ answer: 'stands' });
    });

    it('about somebody who is gone it refuses without a word, which is told from what is about us [Q-GLEWLWYD-06]', async () => {
      const who = await login(connectorTo());
      await idp.remove();
      const [refresh_token] = sessionOf(who);
      expect(await idp.ask('/token', { grant_type: 'refresh_token', refresh_token: refresh_token.reveal() })).toEqual({
        status: 400,
        text: '',
      });
      expect(await recheck(who)).toEqual({ answer: 'unexplained', reason: 'recheck: unexpected status 400' });
    });
  });
});

/** A strict, independent OAuth library as the client: what it checks by itself is not checked again here. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { callTool, consent, loopbackAddress, openBrowser, redeem } from '../support/client.ts';
import type { Consenting } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

const insecure = { [oauth.allowInsecureRequests]: true };
const none = oauth.None();

/** One login in progress: everything the client has to remember. */
interface Asked {
  readonly client: oauth.Client;
  readonly url: URL;
  readonly state: string;
  readonly code_verifier: string;
}

describe('oauth4webapi', () => {
  let system: System;
  let resource: oauth.ResourceServer;
  let as: oauth.AuthorizationServer;

  beforeAll(async () => {
    system = await startSystem();
    const mcp = new URL(system.mcp);
    resource = await oauth.processResourceDiscoveryResponse(mcp, await oauth.resourceDiscoveryRequest(mcp, insecure));
    const issuer = new URL(resource.authorization_servers?.[0] ?? '');
    as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }));
  });
  afterAll(() => system.close());

  async function register(): Promise<oauth.Client> {
    const metadata = { client_name: 'Strict', redirect_uris: [loopbackAddress], token_endpoint_auth_method: 'none' };
    return oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as, metadata, insecure));
  }

  async function ask(parameters: Record<string, string> = {}): Promise<Asked> {
    const client = await register();
    const [state, code_verifier] = [oauth.generateRandomState(), oauth.generateRandomCodeVerifier()];
    const url = new URL(as.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: loopbackAddress,
      code_challenge: await oauth.calculatePKCECodeChallenge(code_verifier),
      code_challenge_method: 'S256',
      state,
      scope: resource.scopes_supported?.join(' ') ?? '',
      resource: resource.resource,
      ...parameters,
    }).toString();
    return { client, url, state, code_verifier };
  }

  const answer = ({ url }: Asked, how?: Consenting): Promise<URL> => consent(openBrowser(), url, how);

  async function exchange({ client, code_verifier }: Asked, parameters: URLSearchParams): Promise<oauth.TokenEndpointResponse> {
    const response = await oauth.authorizationCodeGrantRequest(as, client, none, parameters, loopbackAddress, code_verifier, insecure);
    return oauth.processAuthorizationCodeResponse(as, client, response);
  }

  async function signedIn(how?: Consenting): Promise<Asked & { tokens: oauth.TokenEndpointResponse }> {
    const asked = await ask();
    return { ...asked, tokens: await exchange(asked, oauth.validateAuthResponse(as, asked.client, await answer(asked, how), asked.state)) };
  }

  const whoami = async (token: string): Promise<number> => (await callTool(system, token, 'whoami')).status;

  it('[A1.01] [A1.05] [A1.15] [G1.03] [A8.02] finds its way from the resource to the server, and both say the same of themselves', () => {
    expect(resource.resource).toBe(system.mcp);
    expect(as.issuer).toBe(system.issuer);
    expect(as.authorization_response_iss_parameter_supported).toBe(true);
    expect(as.code_challenge_methods_supported).toEqual(['S256']);
  });

  it('[AM-09] [A8.03] goes through a whole login: state and iss validated, code and verifier give both tokens', async () => {
    const { tokens } = await signedIn();
    expect(tokens).toMatchObject({
      token_type: 'bearer',
      expires_in: 3600,
      scope: 'read write',
      refresh_token: expect.stringMatching(/^db_rt_/),
    });
    expect(await whoami(tokens.access_token)).toBe(200);
  });

  it('[UP-01] [A10.07] its access token verifies by the published key set as RFC 9068 says, for this audience alone', async () => {
    const { tokens, client } = await signedIn({ scope: ['read'] });
    const request = () => new Request(system.mcp, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
    const claims = await oauth.validateJwtAccessToken(as, request(), system.mcp, insecure);
    expect(claims).toMatchObject({ client_id: client.client_id, scope: 'read', tenant: 'acme', aud: system.mcp });
    await expect(oauth.validateJwtAccessToken(as, request(), `${system.issuer}/other`, insecure)).rejects.toMatchObject({
      code: oauth.JWT_CLAIM_COMPARISON,
    });
  });

  it('refuses an answer whose iss or state is another’s, and one without iss, since iss was promised', async () => {
    const asked = await ask();
    const genuine = await answer(asked);
    for (const [name, value] of [
      ['iss', 'https://evil.example'],
      ['state', 'another'],
      ['iss', null],
    ] as const) {
      const changed = new URL(genuine);
      if (value === null) changed.searchParams.delete(name);
      else changed.searchParams.set(name, value);
      expect(() => oauth.validateAuthResponse(as, asked.client, changed, asked.state)).toThrow(
        expect.objectContaining({ name: 'OperationProcessingError' }),
      );
    }
    const tokens = await exchange(asked, oauth.validateAuthResponse(as, asked.client, genuine, asked.state));
    expect(await whoami(tokens.access_token)).toBe(200);
  });

  it('a code is worth nothing to whoever lacks the verifier', async () => {
    const asked = await ask();
    const parameters = oauth.validateAuthResponse(as, asked.client, await answer(asked), asked.state);
    const stolen = await redeem(system, {
      client_id: asked.client.client_id,
      code: parameters.get('code') ?? '',
      code_verifier: oauth.generateRandomCodeVerifier(),
      redirect_uri: loopbackAddress,
    });
    expect([stolen.status, await stolen.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })]);
  });

  it('[CH-04] [A8.01] takes a denial for what it is: access_denied with iss and state', async () => {
    const asked = await ask();
    const denied = await answer(asked, { decision: 'Deny' });
    expect(() => oauth.validateAuthResponse(as, asked.client, denied, asked.state)).toThrow(
      expect.objectContaining({ error: 'access_denied', code: oauth.AUTHORIZATION_RESPONSE_ERROR }),
    );
  });

  it('[A11.03] [A12.01] [A12.02] [AL-13] refreshes, revokes, and then has nothing', async () => {
    const { client, tokens } = await signedIn();
    const refreshed = async (token: string) =>
      oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, none, token, insecure));
    const next = await refreshed(tokens.refresh_token ?? '');
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    expect(await whoami(next.access_token)).toBe(200);
    const revoke = async (token: string, hint: string) => {
      const parameters = { additionalParameters: { token_type_hint: hint } };
      await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, none, token, { ...insecure, ...parameters }));
    };
    await revoke('unknown', 'refresh_token');
    expect(await whoami(next.access_token)).toBe(200);
    await revoke(next.refresh_token ?? '', 'access_token');
    expect(await whoami(next.access_token)).toBe(401);
    await expect(refreshed(next.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant', status: 400 });
  });

  it('[G2.14] can read every challenge', async () => {
    const { tokens } = await signedIn({ scope: ['read'] });
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'add_note', arguments: { text: 'x' } } });
    const headers = new Headers({
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': '2025-11-25',
    });
    const call = (token: string) => oauth.protectedResourceRequest(token, 'POST', new URL(system.mcp), headers, body, insecure);
    const challenge = (error: string) => ({
      code: oauth.WWW_AUTHENTICATE_CHALLENGE,
      cause: [
        expect.objectContaining({
          scheme: 'bearer',
          parameters: expect.objectContaining({ error, resource_metadata: expect.any(String) }),
        }),
      ],
    });
    await expect(call(tokens.access_token)).rejects.toMatchObject(challenge('insufficient_scope'));
    await expect(call('not-a-token')).rejects.toMatchObject(challenge('invalid_token'));
  });
});

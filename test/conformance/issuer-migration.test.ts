import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SignedIn, Tokens } from '../support/client.ts';
import { authorizeUrl, callTool, consent, login, openBrowser, pkce, postForm, redeem, refresh, register } from '../support/client.ts';
import type { DocumentHost } from '../support/document-host.ts';
import { openDocumentHost } from '../support/document-host.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { effectsOf, expectBegun, expectPage } from '../support/wire.ts';

let before: System;
let after: System;
let host: DocumentHost;
let signedIn: SignedIn;
beforeAll(async () => {
  [before, after, host] = await Promise.all([startSystem(), startSystem(), openDocumentHost()]);
  signedIn = await login(before);
});
afterAll(async () => {
  await before.close();
  await after.close();
  await host.close();
});

describe('another issuer', () => {
  it('[A15.01] [A4.09] [A2.17] does not know the clients of the first, and registers them anew', async () => {
    const { client, tokens } = signedIn;
    await expectBegun(before, authorizeUrl(before, client, pkce()));
    await expectPage(after, authorizeUrl(after, client, pkce()), 'unknown-app');
    const secret = await register(before, { token_endpoint_auth_method: 'client_secret_basic' });
    const basic = { Authorization: `Basic ${Buffer.from(`${secret.client_id}:${String(secret['client_secret'])}`).toString('base64')}` };
    const effects = await effectsOf(after);
    for (const answer of [
      await refresh(after, client, tokens.refresh_token),
      await redeem(after, { client_id: client.client_id, code: 'x', code_verifier: 'x'.repeat(43) }),
      await postForm(`${after.issuer}/token`, { grant_type: 'refresh_token', refresh_token: 'x' }, basic),
      await postForm(`${after.issuer}/revoke`, { token: tokens.refresh_token, client_id: client.client_id }),
    ])
      expect([[400, 401].includes(answer.status), await answer.json()]).toEqual([
        true,
        expect.objectContaining({ error: 'invalid_client' }),
      ]);
    expect(await effectsOf(after)).toEqual(effects);
    const { tokens: anew } = await login(after);
    expect((await callTool(after, anew.access_token, 'whoami')).status).toBe(200);
    expect((await callTool(before, tokens.access_token, 'whoami')).status).toBe(200);
  });

  it('[A15.02] turns away the tokens of the first with the address of its metadata', async () => {
    const answer = await callTool(after, signedIn.tokens.access_token, 'whoami');
    expect(answer.status).toBe(401);
    const challenge = answer.headers.get('www-authenticate') ?? '';
    expect(challenge).toContain('error="invalid_token"');
    const [, address = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];
    expect(await (await fetch(address)).json()).toMatchObject({ resource: after.mcp, authorization_servers: [after.issuer] });
    expect((await callTool(before, signedIn.tokens.access_token, 'whoami')).status).toBe(200);
  });

  it('[A15.01] takes neither codes nor refresh tokens of the first from a client that both know', async () => {
    const client = await register(after);
    const code = { code: signedIn.code, code_verifier: signedIn.pkce.code_verifier };
    expect(await (await redeem(after, { client_id: client.client_id, ...code })).json()).toMatchObject({ error: 'invalid_grant' });
    expect(await (await refresh(after, client, signedIn.tokens.refresh_token)).json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('[A15.05] knows a client by its document without being told', async () => {
    const client_id = `${host.origin}/app.json`;
    const redirect_uri = 'http://127.0.0.1:9876/callback';
    host.documents.set('/app.json', { client_id, client_name: 'Portable', redirect_uris: [redirect_uri] });
    for (const system of [before, after]) {
      const secrets = pkce();
      const back = await consent(openBrowser(), authorizeUrl(system, { client_id, redirect_uri }, secrets));
      const fields = { client_id, code: back.searchParams.get('code') ?? '', code_verifier: secrets.code_verifier };
      const tokens = (await (await redeem(system, fields)).json()) as Tokens;
      expect((await callTool(system, tokens.access_token, 'whoami')).status).toBe(200);
    }
  });
});

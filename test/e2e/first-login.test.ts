import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callTool, claimsOf, login, refresh, postForm } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

describe('the main path', () => {
  it('signs alice in at Acme, calls a tool, refreshes and revokes', async () => {
    const { client, tokens } = await login(system);
    expect(claimsOf(tokens.access_token)).toMatchObject({ iss: system.issuer, aud: system.mcp, tenant: 'acme', scope: 'read write' });
    const called = await callTool(system, tokens.access_token, 'whoami');
    expect(await called.text()).toContain('Acme');
    const again = (await (await refresh(system, client, tokens.refresh_token)).json()) as Tokens;
    expect(again.refresh_token).not.toBe(tokens.refresh_token);
    expect((await callTool(system, again.access_token, 'whoami')).status).toBe(200);
    expect((await postForm(`${system.issuer}/revoke`, { token: again.refresh_token, client_id: client.client_id })).status).toBe(200);
    expect((await callTool(system, again.access_token, 'whoami')).status).toBe(401);
  });

  it('asks for the second factor before Globex and locks the token to it', async () => {
    const { tokens } = await login(system, { tenant: 'globex', scope: ['read'] });
    expect(claimsOf(tokens.access_token)).toMatchObject({ tenant: 'globex', scope: 'read', acr: 'urn:drawbridge:acr:mfa' });
  });
});

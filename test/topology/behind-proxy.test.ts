/** A whole login over https through a proxy that ends TLS, as people and clients of a real installation have it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { authorizeUrl, callTool, claimsOf, login, openBrowser, pkce, refresh, register } from '../support/client.ts';
import type { Tokens } from '../support/client.ts';
import { startTopology } from '../support/topology-process.ts';
import type { Topology } from '../support/topology-process.ts';
import { trustingFetch } from '../support/trusting-fetch.ts';

const slow = 60_000;

let topology: Topology;
let distrust: () => Promise<void>;
beforeAll(async () => {
  topology = await startTopology();
  distrust = trustingFetch({ ca: topology.ca });
}, slow);
afterAll(async () => {
  await distrust();
  await topology.close();
}, slow);

describe('behind a proxy that ends TLS', () => {
  it('a person signs in, with the second factor where it is asked for, and the tools work; the tokens are of the public issuer', async () => {
    const { client, tokens } = await login(topology, { tenant: 'globex' });
    expect(claimsOf(tokens.access_token)).toMatchObject({ iss: topology.issuer, aud: topology.mcp, tenant: 'globex' });
    expect(await (await callTool(topology, tokens.access_token, 'whoami')).text()).toContain('Globex');
    const next = await refresh(topology, client, tokens.refresh_token);
    expect(next.status).toBe(200);
    expect(claimsOf(((await next.json()) as Tokens).access_token)['iss']).toBe(topology.issuer);
  });

  it('[W177] cookies are for this host alone and for https alone, and browsers are told to stay with it', async () => {
    const client = await register(topology);
    const browser = openBrowser();
    await browser.get(authorizeUrl(topology, client, pkce()));
    const cookies = browser.page.headers.getSetCookie();
    expect([...browser.cookies(topology.issuer).keys()].some((name) => name.startsWith('__Host-drawbridge'))).toBe(true);
    for (const cookie of cookies) expect(cookie).toMatch(/^__Host-drawbridge[^=]*=[^;]*; Path=\/; HttpOnly; SameSite=Lax; Secure/);
    expect(browser.page.headers.get('strict-transport-security')).toBe('max-age=31536000');
  });

  it('who does not trust the authority is not served: it is TLS that is spoken', async () => {
    await distrust();
    await expect(fetch(`${topology.issuer}/jwks`)).rejects.toThrow('fetch failed');
    distrust = trustingFetch({ ca: topology.ca });
    expect((await fetch(`${topology.issuer}/jwks`)).status).toBe(200);
  });
});

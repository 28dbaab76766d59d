import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claimsOf } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { App, inBrowser, modern, openSession } from './support/sdk-app.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

describe.each(['auto', 'legacy'] as const)('the official SDK (%s) at the address of a tenant', (mode) => {
  it('[G1.09] [UP-03] needs that address alone: it is led to sign in for this tenant, and works there', async () => {
    const mcp = `${system.issuer}/t/globex/mcp`;
    const app = new App('Lantern', inBrowser({ login: 'alice', tenant: 'globex', scope: ['read'] }));
    const session = await openSession(app, modern(app, mcp, mode));
    expect((await session.call('whoami')).structuredContent).toMatchObject({ tenant: 'globex', roles: ['viewer'] });
    expect(claimsOf(app.grant.access_token)).toMatchObject({ aud: mcp, tenant: 'globex' });
    expect(app.opened.map(({ searchParams }) => searchParams.get('resource'))).toEqual([mcp]);
    await session.close();
  });
});

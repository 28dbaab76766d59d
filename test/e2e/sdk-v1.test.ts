import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claimsOf } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { App, inBrowser, openSession } from './support/sdk-app.ts';
import type { Line, ToolResult } from './support/sdk-app.ts';
import { refreshScenario, scenarios, texts } from './support/sdk-scenarios.ts';
import type { Sdk } from './support/sdk-scenarios.ts';

const dial = (app: App, mcp: string) => (): Line => {
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(mcp), { authProvider: app as OAuthClientProvider, fetch: app.fetch });
  return {
    connect: () => client.connect(transport as Parameters<Client['connect']>[0]),
    finish: (answer) => transport.finishAuth(answer.get('code') ?? ''),
    version: () => transport.protocolVersion,
    toolNames: async () => (await client.listTools()).tools.map(({ name }) => name).toSorted(),
    call: async (name, args) => (await client.callTool({ name, arguments: args })) as ToolResult,
    close: () => client.close(),
  };
};

const sdk: Sdk = { version: '2025-11-25', dial };

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

describe('SDK 1', () => {
  scenarios(sdk, () => system);

  it('[G2.05] [G2.07] [B3.03] without a refresh token asks for the scope a tool lacks, and then the tool works', async () => {
    const app = new App('Lantern', inBrowser({ scope: ['read'] }), { refreshes: false });
    const session = await openSession(app, sdk.dial(app, system.mcp));
    expect(app.kept?.refresh_token).toBeUndefined();
    app.person = inBrowser({ scope: ['read', 'write'] });
    await session.call('add_note', { text: 'stepped up' });
    expect(app.opened.map((url) => url.searchParams.get('scope'))).toEqual(['read write', 'read write']);
    expect(claimsOf(app.kept?.access_token ?? '')['scope']).toBe('read write');
    expect(texts(await session.call('list_notes'))).toContain('stepped up');
    await session.close();
  });

  it('with a refresh token tries that once and gives up; connected anew it gets what it lacked', async () => {
    const app = new App('Lantern', inBrowser({ scope: ['read'] }));
    const session = await openSession(app, sdk.dial(app, system.mcp));
    app.sent.length = 0;
    await expect(session.call('add_note', { text: 'refused' })).rejects.toMatchObject({ code: 403 });
    expect(app.statuses(system.mcp)).toEqual([403, 403]);
    expect(app.statuses(`${system.issuer}/token`)).toEqual([200]);
    expect(texts(await session.call('list_notes'))).not.toContain('refused');
    await session.close();
    app.invalidateCredentials('tokens');
    app.person = inBrowser({ scope: ['read', 'write'] });
    const again = await openSession(app, sdk.dial(app, system.mcp));
    await again.call('add_note', { text: 'connected anew' });
    expect(texts(await again.call('list_notes'))).toContain('connected anew');
    await again.close();
  });
});

describe('SDK 1 hours later', () => {
  let later: System;
  beforeAll(async () => {
    later = await startSystem();
  });
  afterAll(() => later.close());

  refreshScenario(sdk, () => later);
});

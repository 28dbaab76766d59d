import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claimsOf } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { App, inBrowser, modern, openSession } from './support/sdk-app.ts';
import { refreshScenario, scenarios, texts } from './support/sdk-scenarios.ts';
import type { Sdk } from './support/sdk-scenarios.ts';

const newest: Sdk = { version: '2026-07-28', dial: (app, mcp) => modern(app, mcp, 'auto') };
const older: Sdk = { version: '2025-11-25', dial: (app, mcp) => modern(app, mcp, 'legacy') };

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

describe('SDK 2 in the era of 2026-07-28', () => {
  scenarios(newest, () => system);

  it('[A9.04] [G2.05] [G2.06] [CH-28] asks for the scope a tool lacks beside those it has, and then the tool works', async () => {
    await stepsUp(newest, 'write');
  });

  it('[CH-04] [A8.01] hears of a denial as an OAuth error, and holds nothing', async () => {
    const app = new App('Lantern', inBrowser({ decision: 'Deny' }));
    await expect(openSession(app, newest.dial(app, system.mcp))).rejects.toMatchObject({ code: 'access_denied' });
    expect(app.kept).toBeUndefined();
    app.person = inBrowser();
    const session = await openSession(app, newest.dial(app, system.mcp));
    expect((await session.call('whoami')).structuredContent).toMatchObject({ tenant: 'acme' });
    await session.close();
  });
});

describe('SDK 2 in the era of 2025-11-25', () => {
  scenarios(older, () => system);

  it('[A9.04] [G2.05] [G2.07] asks for the scope a tool lacks beside those it has, and then the tool works', async () => {
    await stepsUp(older, 'read write');
  });
});

/** The person unticks writing at first; the tool that writes asks for it, and for no more than that. */
async function stepsUp(sdk: Sdk, challenged: string): Promise<void> {
  const app = new App('Lantern', inBrowser({ scope: ['read'] }));
  const session = await openSession(app, sdk.dial(app, system.mcp));
  const narrow = app.grant;
  expect(claimsOf(narrow.access_token)['scope']).toBe('read');
  app.sent.length = 0;
  app.person = inBrowser({ scope: ['read', 'write'] });
  await session.call('add_note', { text: `stepped up by ${sdk.version}` });
  expect(app.statuses(system.mcp)).toEqual([403, 200]);
  expect(app.sent.find(({ status }) => status === 403)?.challenge).toMatch(new RegExp(`error="insufficient_scope".*scope="${challenged}"`));
  expect(app.opened).toHaveLength(2);
  expect(app.opened[1]?.searchParams.get('scope')?.split(' ')).toEqual(expect.arrayContaining(['read', 'write']));
  expect(claimsOf(app.grant.access_token)['scope']).toBe('read write');
  expect(texts(await session.call('list_notes'))).toContain(`stepped up by ${sdk.version}`);
  // The narrower grant is not taken away by the wider one.
  app.saveTokens(narrow);
  expect((await session.call('whoami')).structuredContent).toMatchObject({ tenant: 'acme' });
  await session.close();
}

describe('SDK 2 hours later', () => {
  let later: System;
  beforeAll(async () => {
    later = await startSystem();
  });
  afterAll(() => later.close());

  refreshScenario(newest, () => later);
});

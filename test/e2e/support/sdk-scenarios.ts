import { expect, it } from '@jest/globals';
import { claimsOf, postForm } from '../../support/client.ts';
import type { System } from '../../support/system.ts';
import { App, inBrowser, openSession } from './sdk-app.ts';
import type { Line, Session } from './sdk-app.ts';

/** One official SDK in one era, as the scenarios see it. */
export interface Sdk {
  /** The revision both sides settle on. */
  readonly version: string;
  dial(app: App, mcp: string): () => Line;
}

export const roleMissing = -32003;
const hour = 60 * 60_000;

export const texts = (result: { structuredContent?: Record<string, unknown> | undefined }): string[] =>
  ((result.structuredContent?.['notes'] ?? []) as { text: string }[]).map(({ text }) => text);

/** The scenarios of one SDK; `system` is running when a test asks for it. */
export function scenarios(sdk: Sdk, system: () => System): void {
  const open = (app: App): Promise<Session> => openSession(app, sdk.dial(app, system().mcp));

  it('[UP-03] [AB-01] [AM-03] needs the address alone: it registers, a person signs in, tools are listed and called', async () => {
    const app = new App('Lantern', inBrowser({ login: 'alice' }));
    const session = await open(app);
    expect(session.version).toBe(sdk.version);
    expect(app.opened).toHaveLength(1);
    expect(app.statuses(`${system().issuer}/register`)).toEqual([201]);
    expect(await session.toolNames()).toEqual(['add_note', 'list_notes', 'whoami']);
    expect((await session.call('whoami')).structuredContent).toMatchObject({
      name: 'Alice Archer',
      tenant: 'acme',
      roles: ['editor'],
      client: 'Lantern',
    });
    expect(claimsOf(app.grant.access_token)).toMatchObject({ iss: system().issuer, aud: system().mcp, scope: 'read write' });
    await session.close();
  });

  it('[G2.10] [UP-10] [AL-10] [AB-13] [A9.03] tells a viewer which role is missing, once, and asks nobody to sign in again', async () => {
    const app = new App('Lantern', inBrowser({ login: 'erin', scope: ['read'] }));
    const session = await open(app);
    expect(app.opened[0]?.searchParams.get('scope')).toContain('write');
    expect(claimsOf(app.grant.access_token)).toMatchObject({ tenant: 'initech', scope: 'read' });
    expect(await session.toolNames()).toEqual(['list_notes', 'whoami']);
    app.sent.length = 0;
    await expect(session.call('add_note', { text: 'from a viewer' })).rejects.toMatchObject({
      code: roleMissing,
      message: expect.stringMatching(/Your role in Initech is Viewer.*needs the role Editor or Administrator/),
    });
    expect(app.statuses(system().mcp)).toEqual([200]);
    expect(app.sent.filter(({ url }) => url !== system().mcp)).toEqual([]);
    expect(app.opened).toHaveLength(1);
    expect(texts(await session.call('list_notes'))).toEqual([]);
    await session.close();
  });

  it('[AL-08] [G5.18] lets only an administrator delete, and tells an editor so', async () => {
    const editor = await open(new App('Lantern', inBrowser({ login: 'alice' })));
    await editor.call('add_note', { text: 'to be deleted' });
    await expect(editor.call('delete_notes')).rejects.toMatchObject({
      code: roleMissing,
      message: expect.stringMatching(/Your role in Acme is Editor.*needs the role Administrator/),
    });
    expect(texts(await editor.call('list_notes'))).toContain('to be deleted');
    const administrator = await open(new App('Lantern', inBrowser({ login: 'carol' })));
    expect(await administrator.toolNames()).toContain('delete_notes');
    await administrator.call('delete_notes');
    expect(texts(await editor.call('list_notes'))).toEqual([]);
    await Promise.all([editor.close(), administrator.close()]);
  });

  it('[AB-05] keeps the notes of tenants apart, also those of one person in two of them', async () => {
    const inAcme = await open(new App('Lantern', inBrowser({ login: 'alice', tenant: 'acme' })));
    const inGlobex = await open(new App('Lantern', inBrowser({ login: 'alice', tenant: 'globex', scope: ['read'] })));
    const inInitech = await open(new App('Lantern', inBrowser({ login: 'erin', scope: ['read'] })));
    const colleague = await open(new App('Lantern', inBrowser({ login: 'carol' })));
    await inAcme.call('add_note', { text: 'only for Acme' });
    expect(texts(await colleague.call('list_notes'))).toContain('only for Acme');
    expect(texts(await inGlobex.call('list_notes'))).toEqual([]);
    expect(texts(await inInitech.call('list_notes'))).toEqual([]);
    await Promise.all([inAcme, inGlobex, inInitech, colleague].map((session) => session.close()));
  });

  it('[UP-11] [UP-17] treats two apps of one person apart: one revoked is refused at once, the other goes on', async () => {
    const [revoked, kept] = [new App('Lantern', inBrowser()), new App('Beacon', inBrowser())];
    const [first, second] = [await open(revoked), await open(kept)];
    expect(revoked.client?.client_id).not.toBe(kept.client?.client_id);
    await first.call('whoami');
    await revoke(system(), revoked);
    revoked.sent.length = 0;
    revoked.person = () => Promise.reject(new Error('nobody is there'));
    await expect(first.call('whoami')).rejects.toThrow('nobody is there');
    expect(revoked.statuses(system().mcp)).toEqual([401]);
    expect((await second.call('whoami')).structuredContent).toMatchObject({ client: 'Beacon' });
    expect(kept.statuses(`${system().issuer}/token`)).toEqual([200]);
    await Promise.all([first.close(), second.close()]);
  });

  it('[AB-15] [AM-23] [A12.04] after a revocation signs in again under the registration it has', async () => {
    const app = new App('Lantern', inBrowser());
    const session = await open(app);
    const [client_id, ended] = [app.client?.client_id, app.grant];
    await revoke(system(), app);
    app.sent.length = 0;
    expect((await session.call('whoami')).structuredContent).toMatchObject({ name: 'Alice Archer' });
    expect(app.statuses(system().mcp)).toEqual([401, 200]);
    expect(app.statuses(`${system().issuer}/token`)).toEqual([400, 200]);
    expect(app.statuses(`${system().issuer}/register`)).toEqual([]);
    expect(app.client?.client_id).toBe(client_id);
    expect(app.opened).toHaveLength(2);
    expect(claimsOf(app.grant.access_token)['grant_id']).not.toBe(claimsOf(ended.access_token)['grant_id']);
    await session.close();
  });
}

async function revoke(system: System, app: App): Promise<void> {
  const fields = { token: app.grant.refresh_token, client_id: app.client?.client_id ?? '' };
  expect((await postForm(`${system.issuer}/revoke`, fields)).status).toBe(200);
}

/** An hour later; the system's clock stays ahead, so this one has a system of its own. */
export function refreshScenario(sdk: Sdk, system: () => System): void {
  it('[UP-06] [AL-12] [AM-13] [A11.03] refreshes by itself after an hour, and nobody signs in again', async () => {
    const app = new App('Lantern', inBrowser());
    const session = await openSession(app, sdk.dial(app, system().mcp));
    const first = app.grant;
    expect(first.expires_in).toBe(3600);
    system().clock.advance(0.9 * hour);
    app.sent.length = 0;
    await session.call('whoami');
    expect(app.statuses(`${system().issuer}/token`)).toEqual([]);
    for (let hours = 1; hours <= 3; hours += 1) {
      const before = app.grant;
      app.sent.length = 0;
      system().clock.advance(1.05 * hour);
      expect((await session.call('whoami')).structuredContent).toMatchObject({ name: 'Alice Archer' });
      expect(app.statuses(system().mcp)).toEqual([401, 200]);
      expect(app.sent.find(({ form }) => form !== null)?.form?.get('grant_type')).toBe('refresh_token');
      expect(app.grant.refresh_token).not.toBe(before.refresh_token);
    }
    expect(app.opened).toHaveLength(1);
    await session.close();
  });
}

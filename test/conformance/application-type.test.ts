import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { authorizeUrl, pkce, postJson } from '../support/client.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';
import { expectBegun, expectPage } from '../support/wire.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

async function submit(redirect_uris: string[], application_type?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await postJson(`${system.issuer}/register`, { client_name: 'x', redirect_uris, application_type });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const loopback = 'http://localhost:3118/callback';
const web = 'https://app.example.test/cb';
const app = 'com.example.app:/cb';
const types = ['native', 'web', undefined] as const;

describe('the type of an application', () => {
  it('[A14.01] is native or web, and echoed', async () => {
    for (const type of ['native', 'web']) expect((await submit([web, loopback], type)).body['application_type']).toBe(type);
    expect((await submit([web])).body).not.toHaveProperty('application_type');
    for (const type of ['desktop', 'Native', 5, {}, ['web']]) {
      const { status, body } = await submit([web], type);
      expect([type, status, body['error']]).toEqual([type, 400, 'invalid_client_metadata']);
      expect(body['error_description']).toContain('application_type');
    }
  });

  it('[A14.03] [A14.04] left out is not web: any set of addresses that is good is good with every type', async () => {
    for (const type of types)
      for (const redirect_uris of [[loopback], [web], [app], [web, loopback, app], [app, loopback]]) {
        const { status, body } = await submit(redirect_uris, type);
        expect([type, status, body['redirect_uris']]).toEqual([type, 201, redirect_uris]);
        for (const redirect_uri of redirect_uris)
          await expectBegun(system, authorizeUrl(system, { client_id: String(body['client_id']), redirect_uri }, pkce()));
      }
  });

  it('[A14.03] never decides about the port of a loopback address', async () => {
    for (const type of types) {
      const client_id = String((await submit([loopback, web], type)).body['client_id']);
      const at = (redirect_uri: string) => authorizeUrl(system, { client_id, redirect_uri }, pkce());
      await expectBegun(system, at('http://localhost:51000/callback'));
      await expectPage(system, at('https://app.example.test:8443/cb'), 'unregistered-address');
    }
  });

  it('[A14.02] makes no bad address good, and the refusal says which one it is and what would be', async () => {
    for (const type of types)
      for (const bad of ['http://app.example.test/cb', 'evil://x', 'javascript:alert(1)', 'https://app.example.test/cb#x']) {
        const { status, body } = await submit([web, bad], type);
        expect([type, bad, status, body['error']]).toEqual([type, bad, 400, 'invalid_redirect_uri']);
        expect(body['error_description']).toMatch(/^redirect_uris\[1\] must be https, http on localhost/);
      }
  });
});

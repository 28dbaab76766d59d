import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { ConnectionSchema } from '../../src/config/connection-schema.ts';
import { openRealIdp, type RealIdp } from '../support/real-idp.ts';
import { freePorts } from '../support/free-ports.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';
import { begin } from '../support/two-idps.ts';

let system: System;
let idp: RealIdp;
beforeAll(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const clientKey = { ...(await exportJWK(publicKey)), kid: 'ours', alg: 'ES256', use: 'sig' };
  const private_key = await exportPKCS8(privateKey);
  const port = await freePorts();
  let callback = '';
  system = await startSystem({
    configure: (config) => {
      callback = `${config.issuer}/callback/signed`;
      const connection = ConnectionSchema.parse({
        id: 'signed',
        type: 'oidc',
        name: 'Signed',
        issuer: `http://localhost:${String(port)}`,
        client_id: 'drawbridge',
        tokenEndpointAuthMethod: 'private_key_jwt',
        clientKey: { private_key, kid: 'ours' },
        // It demands pushed requests, so this changes nothing.
        pushedRequests: false,
        scopes: ['openid'],
        claims: { groups: '/groups' },
      });
      return { ...config, connections: [...config.connections, connection] };
    },
  });
  idp = await openRealIdp({ clientKey, port, redirect_uri: callback });
});
afterAll(async () => {
  jest.restoreAllMocks();
  await Promise.all([system.close(), idp.close()]);
});

describe('a connection that signs assertions and pushes its requests', () => {
  it('takes a person from the door to the consent page, twice', async () => {
    for (const round of [1, 2]) {
      const begun = await begin(system);
      const page = await begun.browser.submit({}, { form: '/login/signed' });
      expect(page.url.href).toBe(`${system.issuer}${begun.path}`);
      expect(page.forms.some(({ action }) => action.pathname === `${begun.path}/consent`)).toBe(true);
      expect([idp.count('/request'), idp.count('/token')]).toEqual([round, round]);
    }
    expect(system.lines.join('\n')).not.toMatch(/PRIVATE KEY|client_assertion|eyJ/);
  });
});

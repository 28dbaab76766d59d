import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openRealIdp, type RealIdp } from '../support/real-idp.ts';
import { freePorts } from '../support/free-ports.ts';
import { signingClient } from '../support/signing-client.ts';
import { startSystem } from '../support/system.ts';
import type { System } from '../support/system.ts';
import { begin } from '../support/two-idps.ts';

let system: System;
let idp: RealIdp;
beforeAll(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const port = await freePorts();
  const { clientKey, connection } = await signingClient(port);
  let callback = '';
  system = await startSystem({
    configure: (config) => {
      callback = `${config.issuer}/callback/signed`;
      const signed = connection({
        id: 'signed',
        name: 'Signed',
        // It demands pushed requests, so this changes nothing.
        pushedRequests: false,
      });
      return { ...config, connections: [...config.connections, signed] };
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

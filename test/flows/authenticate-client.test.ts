import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { ClientMetadata } from '../../src/domain/client.ts';
import type { Directory } from '../../src/domain/directory.ts';
import { derivedClientSecret, sealClient } from '../../src/domain/sealed-client.ts';
import { Secret } from '../../src/domain/secret.ts';
import { authenticateClient } from '../../src/flows/steps/authenticate-client.ts';
import type { Sealing } from '../../src/ports/sealing.ts';
import type { SeenClients } from '../../src/ports/seen-clients.ts';

const macOf = (key: string) => (purpose: string, value: string) =>
  createHmac('sha256', key).update(`${purpose} ${value}`).digest('base64url');
const mac = macOf('ours');
const metadata = (client_name: string, token_endpoint_auth_method: 'none' | 'client_secret_post') =>
  ({
    client_name,
    redirect_uris: ['http://127.0.0.1:9876/callback'],
    token_endpoint_auth_method,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  }) as unknown as ClientMetadata;

function world() {
  const withdrawn = new Set<string>();
  let unsealed = 0;
  const counting = (purpose: string, value: string) => {
    unsealed += purpose === 'client_id' ? 1 : 0;
    return mac(purpose, value);
  };
  const authenticate = authenticateClient({
    directory: { issuer: 'https://issuer.example', clients: [] } as unknown as Directory,
    sealing: { mac: counting } as unknown as Sealing,
    seenClients: { get: async (id: string) => (withdrawn.has(id) ? { status: 'withdrawn' } : null) } as unknown as SeenClients,
  });
  return {
    withdrawn,
    unsealed: () => unsealed,
    show: (client_id: string, secret: string | null = null) =>
      authenticate({ client_id, client_secret: secret === null ? null : new Secret(secret), basic: null }),
  };
}

const publicClient = sealClient(metadata('Public', 'none'), null, mac);
const confidential = sealClient(metadata('Confidential', 'client_secret_post'), 'nonce', mac);

describe('a self-registered client that is remembered', () => {
  it('is unsealed once, however often it comes', async () => {
    const { show, unsealed } = world();
    for (let index = 0; index < 3; index += 1) expect((await show(publicClient)).client_id).toBe(publicClient);
    expect(unsealed()).toBe(1);
  });

  it('still shows its secret each time', async () => {
    const { show } = world();
    const right = derivedClientSecret(confidential, mac).reveal();
    expect((await show(confidential, right)).client_id).toBe(confidential);
    await expect(show(confidential, `${right}x`)).rejects.toMatchObject({ error: 'invalid_client' });
    await expect(show(confidential)).rejects.toMatchObject({ error: 'invalid_client' });
    expect((await show(confidential, right)).client_id).toBe(confidential);
  });

  it('is refused as soon as it is withdrawn', async () => {
    const { show, withdrawn } = world();
    expect((await show(publicClient)).client_id).toBe(publicClient);
    withdrawn.add(publicClient);
    await expect(show(publicClient)).rejects.toMatchObject({ error: 'invalid_client' });
  });

  it('is not mistaken for one that another installation sealed', async () => {
    const { show } = world();
    const foreign = sealClient(metadata('Public', 'none'), null, macOf('theirs'));
    expect((await show(publicClient)).client_id).toBe(publicClient);
    for (let index = 0; index < 2; index += 1) await expect(show(foreign)).rejects.toMatchObject({ error: 'invalid_client' });
  });

  it('is known again when so many came that it was forgotten', async () => {
    const { show, unsealed } = world();
    await show(publicClient);
    for (let index = 0; index < 1500; index += 1) await show(sealClient(metadata(`Client ${index}`, 'none'), null, mac));
    expect((await show(publicClient)).client_id).toBe(publicClient);
    expect(unsealed()).toBe(1502);
  });
});

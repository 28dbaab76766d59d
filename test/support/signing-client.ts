import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { ConnectionSchema } from '../../src/config/connection-schema.ts';

/** A client of oidc-provider that signs its assertions: what is known of its key there, and its connection as a configuration has it. */
export async function signingClient(port: number) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const private_key = await exportPKCS8(privateKey);
  const connection = (more: Readonly<Record<string, unknown>> = {}) =>
    ConnectionSchema.parse({
      id: 'real',
      type: 'oidc',
      name: 'Real',
      issuer: `http://localhost:${String(port)}`,
      client_id: 'drawbridge',
      tokenEndpointAuthMethod: 'private_key_jwt',
      clientKey: { private_key, kid: 'ours' },
      scopes: ['openid'],
      claims: { groups: '/groups' },
      ...more,
    });
  return { clientKey: { ...(await exportJWK(publicKey)), kid: 'ours', alg: 'ES256', use: 'sig' }, connection };
}

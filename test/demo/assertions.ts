import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';

/** Stands in for the gateway: publishes a key and signs assertions with it, or with one nobody published. */
export interface Vouching {
  readonly jwksUrl: string;
  readonly issuer: string;
  assert(aud: string, claims: JWTPayload, forged?: Forgery): Promise<string>;
  close(): Promise<void>;
}

export interface Forgery {
  readonly typ?: string;
  readonly expiresIn?: number;
  readonly issuer?: string;
  readonly unknownKey?: boolean;
}

export async function openVouching(): Promise<Vouching> {
  const ours = await generateKeyPair('ES256');
  const theirs = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(ours.publicKey)), kid: 'now', alg: 'ES256', use: 'sig' }] };
  const server = createServer((_request, response) => response.setHeader('Content-Type', 'application/json').end(JSON.stringify(jwks)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    assert: async (aud, claims, { typ = 'drawbridge-assertion+jwt', expiresIn = 60, unknownKey = false, ...forged } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ jti: 'once', ...claims })
        .setProtectedHeader({ alg: 'ES256', typ, kid: 'now' })
        .setIssuer(forged.issuer ?? issuer)
        .setAudience(aud)
        .setIssuedAt(now)
        .setExpirationTime(now + expiresIn)
        .sign((unknownKey ? theirs : ours).privateKey);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

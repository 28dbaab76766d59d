import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An identity provider that answers at once: everybody is known, in the group `eng`, and whoever the code says. */
export interface StubIdp {
  readonly issuer: string;
  /** The code that stands for a person at the end of one sign-in. */
  codeFor(nonce: string, subject: string): string;
  close(): void;
}

export async function startStubIdp(client_id: string): Promise<StubIdp> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...createPublicKey(privateKey).export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' };
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = encoded({ alg: 'ES256', kid: 'one' });

  function tokens(issuer: string, code: string): unknown {
    const [nonce, sub] = code.split('~');
    const iat = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      aud: client_id,
      sub,
      nonce,
      iat,
      exp: iat + 300,
      auth_time: iat,
      name: 'A person',
      email: `${sub}@example.test`,
    };
    const signed = `${header}.${encoded({ ...claims, groups: ['eng'] })}`;
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    return { access_token: 'none', token_type: 'Bearer', expires_in: 300, id_token: `${signed}.${signature}` };
  }

  const server = createServer((req, res) => {
    const answer = (value: unknown) => void res.setHeader('Content-Type', 'application/json').end(JSON.stringify(value));
    if (req.url === '/jwks') return answer({ keys: [jwk] });
    if (req.url !== '/token') {
      const endpoints = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks` };
      return answer({
        issuer,
        ...endpoints,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      });
    }
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => answer(tokens(issuer, new URLSearchParams(body).get('code') ?? '')));
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    codeFor: (nonce, subject) => `${nonce}~${subject}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';

/** What a refresh must at least contain: who a token belongs to, one compare-and-set, one signature. */
export const familyId = (index: number): string => createHash('sha256').update(`family ${index}`).digest('base64url').slice(0, 22);

export function readToken(text: string | null): { id: string; generation: number } | null {
  const [id, generation] = (text ?? '').split('.');
  return id === undefined || generation === undefined ? null : { id, generation: Number(generation) };
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
const header = Buffer.from(JSON.stringify({ alg: 'ES256', kid: 'one', typ: 'at+jwt' })).toString('base64url');

/** The answer to a refresh: an ES256 access token signed where it stands, and the next refresh token. */
export function tokensFor(id: string, generation: number, client_id: string): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'http://127.0.0.1',
    sub: id,
    aud: 'http://127.0.0.1/mcp',
    client_id,
    scope: 'read write',
    iat,
    exp: iat + 3600,
    jti: `${id}${generation}`,
  };
  const signed = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  return JSON.stringify({
    access_token: `${signed}.${signature}`,
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'read write',
    refresh_token: `${id}.${generation}`,
  });
}

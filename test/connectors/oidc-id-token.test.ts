import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompactSign, type JWK } from 'jose';
import { base64url, makeSigningKey, openHostileIdp, type HostileIdp, type Script, type SigningKey } from '../support/hostile-idp.ts';
import { connectorTo, login, refusalOf } from './support.ts';

type Json = Record<string, unknown>;
let a: HostileIdp;
let b: HostileIdp;
let rsa: SigningKey;
beforeAll(async () => {
  [a, b, rsa] = await Promise.all([openHostileIdp(), openHostileIdp(), makeSigningKey('RS256')]);
});
afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
});

const without =
  (...names: string[]) =>
  (claims: Json): Json =>
    Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));
const and =
  (more: Json) =>
  (claims: Json): Json => ({ ...claims, ...more });

/** The login is refused as untrustworthy, and the same connector lets an honest one in right after. */
async function expectRefused(script: Script): Promise<string> {
  const connector = connectorTo(a);
  const refused = await refusalOf(login(connector, a, script));
  expect(refused.refusal).toBe('untrustworthy');
  expect((await login(connector, a)).subject).toBe('person-1');
  return refused.reason;
}

describe('signature and algorithm', () => {
  it.each(['none', 'None', 'NONE', 'nOnE'])('alg %s is refused [W49] [S3.02]', async (alg) => {
    await expectRefused({ idToken: (_t, claims) => `${base64url({ alg })}.${base64url(claims)}.` });
  });

  it('a signature that does not verify is refused [W49] [S3.02] [Q-ANY-01]', async () => {
    await expectRefused({ idToken: (token) => `${token.slice(0, -6)}AAAAAA` });
    await expectRefused({
      idToken: (token, claims) => `${token.split('.')[0] ?? ''}.${base64url({ ...claims, sub: 'admin' })}.${token.split('.')[2] ?? ''}`,
    });
  });

  it('a signature by a key that is not published is refused [W49]', async () => {
    await expectRefused({ signWith: b.key });
    await expectRefused({ signWith: { ...b.key, kid: a.key.kid } });
  });

  const asSecret: [string, (jwk: JWK) => string | Buffer][] = [
    ['PEM', (jwk) => createPublicKey({ key: jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' })],
    ['DER', (jwk) => createPublicKey({ key: jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'der' })],
    ['JWK', (jwk) => JSON.stringify(jwk)],
    ['n', (jwk) => jwk.n ?? ''],
    ['client secret', () => 'CNRYclientsecret'],
  ];
  it.each(asSecret)('HS256 keyed with our own %s is refused [W49] [Q-ANY-02]', async (_what, secretOf) => {
    await expectRefused({
      jwks: () => ({ keys: [rsa.publicJwk] }),
      idToken: (_t, claims) =>
        new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
          .setProtectedHeader({ alg: 'HS256', kid: rsa.kid })
          .sign(Buffer.from(secretOf(rsa.publicJwk))),
    });
  });

  it('an algorithm the connection does not allow is refused, whatever discovery lists [W49]', async () => {
    const script: Script = { signWith: rsa, jwks: () => ({ keys: [rsa.publicJwk] }) };
    expect((await login(connectorTo(a), a, script)).subject).toBe('person-1');
    expect((await refusalOf(login(connectorTo(a, { allowedAlgorithms: ['ES256'] }), a, script))).refusal).toBe('untrustworthy');
  });

  it.each<[string, Json]>([
    ['unknown crit', { crit: ['exp'] }],
    ['b64 false', { b64: false }],
    ['an access token', { typ: 'at+jwt' }],
    ['a logout token', { typ: 'logout+jwt' }],
    ['compressed', { zip: 'DEF' }],
  ])('a header that says %s is refused [W49]', async (_what, more) => {
    await expectRefused({ header: and(more) });
  });

  it('a key or key set named in the header is not used [W49]', async () => {
    await expectRefused({ signWith: b.key, header: and({ jwk: b.key.publicJwk, jku: `${b.issuer}/jwks`, x5u: `${b.issuer}/jwks` }) });
    expect(b.count('/jwks')).toBe(0);
  });

  it.each<[string, (token: string) => string]>([
    ['five parts', () => `${base64url({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`],
    ['costly PBES2', () => `${base64url({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2_147_483_647, p2s: 'AAAA' })}.a.b.c.d`],
    ['two parts', (token) => token.split('.').slice(0, 2).join('.')],
    ['no JSON', () => 'e30.####.AAAA'],
    ['nothing', () => ''],
  ])('%s are refused quickly [W49]', async (_what, idToken) => {
    const started = Date.now();
    await expectRefused({ idToken });
    expect(Date.now() - started).toBeLessThan(2000);
  });

  it('a token of a megabyte is not read to its end [W49]', async () => {
    const refused = await refusalOf(login(connectorTo(a), a, { claims: and({ pad: 'x'.repeat(1_000_000) }) }));
    expect(refused).toEqual({ refusal: 'unreachable', reason: 'login: ANSWER_TOO_LARGE' });
  });
});

describe('who issued it, and for whom', () => {
  const rows: [string, () => Script][] = [
    ['another issuer that signs for itself', () => ({ signWith: b.key, claims: and({ iss: b.issuer }) })],
    ['another issuer [Q-ANY-12]', () => ({ claims: and({ iss: b.issuer }) })],
    ['a trailing slash [Q-ANY-12]', () => ({ claims: and({ iss: `${a.issuer}/` }) })],
    ['a host without scheme', () => ({ claims: and({ iss: a.issuer.replace('http://', '') }) })],
    ['no issuer', () => ({ claims: without('iss') })],
    ['the audience of another app [Q-ANY-15]', () => ({ claims: and({ aud: 'other' }) })],
    ['no audience', () => ({ claims: without('aud') })],
    ['another app beside us, without azp [Q-ANY-15]', () => ({ claims: and({ aud: ['drawbridge', 'other'] }) })],
    ['another app beside us, azp the other', () => ({ claims: and({ aud: ['drawbridge', 'other'], azp: 'other' }) })],
    ['azp another app [Q-ANY-15]', () => ({ claims: and({ azp: 'other' }) })],
  ];
  it.each(rows)('%s is refused [W52] [S3.02]', async (_what, script) => {
    await expectRefused(script());
  });

  it('several audiences with us as azp are fine', async () => {
    const script: Script = { claims: and({ aud: ['drawbridge', 'other'], azp: 'drawbridge' }) };
    expect((await login(connectorTo(a), a, script)).subject).toBe('person-1');
  });

  it('an issuer with a placeholder for the tenant is not resolved from the token [W52] [S3.01]', async () => {
    const script: Script = {
      discovery: and({ issuer: `${a.issuer}/{tenantid}/v2.0` }),
      claims: and({ iss: `${a.issuer}/foreign/v2.0`, tid: 'foreign' }),
    };
    expect((await refusalOf(login(connectorTo(a), a, script))).refusal).toBe('untrustworthy');
  });
});

describe('when, and about whom', () => {
  const now = Math.floor(Date.now() / 1000);
  it.each<[string, (claims: Json) => Json]>([
    ['exp past', and({ exp: now - 120 })],
    ['exp text', and({ exp: String(now + 300) })],
    ['exp beyond reason', and({ exp: 1e308 })],
    ['exp negative', and({ exp: -1 })],
    ['no exp', without('exp')],
    ['iat in the future', and({ iat: now + 120, exp: now + 600 })],
    ['iat text', and({ iat: 'now' })],
    ['no iat', without('iat')],
    ['nbf in the future', and({ nbf: now + 120 })],
    ['no nonce [Q-ANY-13]', without('nonce')],
    ['another nonce [Q-ANY-13]', and({ nonce: 'x'.repeat(43) })],
    ['nonce not text', and({ nonce: 7 })],
    ['no sub', without('sub')],
    ['sub empty', and({ sub: '' })],
    ['sub a number', and({ sub: 7 })],
    ['sub an object', and({ sub: { $ne: null } })],
    ['sub too long [Q-ANY-14]', and({ sub: 'x'.repeat(300) })],
    ['sub with a line break', and({ sub: 'a\nb' })],
    ['at_hash of another access token', and({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' })],
    ['at_hash not text', and({ at_hash: 7 })],
  ])('%s is refused [W53] [S3.02]', async (_what, claims) => {
    await expectRefused({ claims });
  });

  it('clocks may differ by less than a minute [W53] [Q-ANY-16]', async () => {
    expect((await login(connectorTo(a), a, { claims: and({ exp: now - 20 }) })).subject).toBe('person-1');
    expect((await login(connectorTo(a), a, { claims: and({ iat: now + 40, nbf: now + 40 }) })).subject).toBe('person-1');
  });

  it('a token of an earlier login is refused: its nonce was of that one [W53]', async () => {
    let earlier = '';
    const connector = connectorTo(a);
    await login(connector, a, { idToken: (token) => (earlier = token) });
    expect((await refusalOf(login(connector, a, { idToken: () => earlier }))).refusal).toBe('untrustworthy');
  });
});

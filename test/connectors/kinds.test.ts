import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompactSign } from 'jose';
import { kinds } from '../../src/connectors/kinds/known.ts';
import { base64url, makeSigningKey, openHostileIdp, type HostileIdp, type Script, type SigningKey } from '../support/hostile-idp.ts';
import { attempt, refusalOf } from './support.ts';
import { honestClaims, openVendor, samplesOf } from './vendors.ts';
import { secondFactor } from '../support/assurance.ts';

type Json = Record<string, unknown>;
let idp: HostileIdp;
let stranger: SigningKey;
let rsa: SigningKey;
beforeAll(async () => {
  [idp, stranger, rsa] = await Promise.all([openHostileIdp(), makeSigningKey('ES256'), makeSigningKey('RS256')]);
});
afterAll(async () => idp.close());

const and =
  (more: Json) =>
  (claims: Json): Json => ({ ...claims, ...more });

const withSecretOf = (secret: () => string | Buffer) => (_token: string, claims: Json) =>
  new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'HS256', kid: rsa.kid })
    .sign(Buffer.from(secret()));

/** Behind a function, since keys are made when the tests begin. */
const attacks: [string, () => Script][] = [
  ['a garbage signature [Q-ANY-01]', () => ({ idToken: (token) => `${token.slice(0, -6)}AAAAAA` })],
  ['alg none', () => ({ idToken: (_t, claims) => `${base64url({ alg: 'none' })}.${base64url(claims)}.` })],
  [
    'HS256 keyed with the public key',
    () => ({
      jwks: () => ({ keys: [rsa.publicJwk] }),
      idToken: withSecretOf(() => createPublicKey({ key: rsa.publicJwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' })),
    }),
  ],
  ['HS256 keyed with our secret', () => ({ jwks: () => ({ keys: [rsa.publicJwk] }), idToken: withSecretOf(() => 'CNRYclientsecret') })],
  ['a key that is not published', () => ({ signWith: { ...stranger, kid: idp.key.kid } })],
  ['the audience of another client', () => ({ claims: and({ aud: 'other' }) })],
  ['another issuer', () => ({ claims: and({ iss: 'https://other.example' }) })],
  ['another client as azp', () => ({ claims: and({ azp: 'other' }) })],
  ['another nonce', () => ({ claims: and({ nonce: 'x'.repeat(43) }) })],
  ['no nonce', () => ({ claims: ({ nonce: _nonce, ...rest }) => rest })],
  ['an issuer in the discovery document that is another [Q-ANY-04]', () => ({ discovery: and({ issuer: 'https://other.example' }) })],
];

describe.each(kinds.map((kind) => [kind.type, kind] as const))('a connection of the kind %s', (type, kind) => {
  it('has samples of people who come in and of people who do not', () => {
    expect(kind.samples.filter(({ means }) => means !== 'foreign').length).toBeGreaterThan(0);
    expect(
      kind.setup('https://login.example/callback/sso').filter((step) => step.includes('https://login.example/callback/sso')),
    ).toHaveLength(1);
  });

  it.each(samplesOf(kind))('%s [S3.05] [S3.07]', async (_what, { claims, means }) => {
    const vendor = openVendor(type, idp);
    if (means === 'foreign') {
      expect((await refusalOf(vendor.login(claims))).refusal).toBe('foreign');
      expect((await vendor.login(honestClaims(kind))).connectionId).toBe('corp');
      return;
    }
    const identity = await vendor.login(claims);
    const { subject, email = identity.email, groups, mfa } = means;
    expect(identity).toMatchObject({ subject, email, groups, assurance: { mfa } });
    expect(identity.assurance.evidence.length > 0).toBe(mfa);
  });

  it.each(attacks)('%s is refused [W49] [W52] [W53] [S3.02]', async (_what, script) => {
    const vendor = openVendor(type, idp);
    expect((await refusalOf(vendor.login(honestClaims(kind), script()))).refusal).toBe('untrustworthy');
    // A refused discovery is not asked for again at once: the honest one comes to a connector of its own.
    expect((await openVendor(type, idp).login(honestClaims(kind))).connectionId).toBe('corp');
  });

  it('asks its own host alone', async () => {
    const vendor = openVendor(type, idp);
    await vendor.login(honestClaims(kind));
    expect([...vendor.hosts]).toEqual([new URL(vendor.issuer).host]);
  });

  it('refuses each account once the claim that tells whose it is goes missing [S3.05]', async () => {
    const { guards = [] } = kind.profile(kind.example);
    const wanted = guards.filter(({ optional }) => optional !== true);
    for (const { claim } of wanted) {
      const { [claim.split('/')[1] ?? '']: _gone, ...rest } = honestClaims(kind);
      const outcome = openVendor(type, idp).login(rest, { claims: and({ iss: openVendor(type, idp).issuer }) });
      expect((await refusalOf(outcome)).refusal).toBe('foreign');
    }
    expect(type === 'okta' || wanted.length > 0).toBe(true);
  });
});

describe('a second factor is asked for as the vendor understands it [S3.07] [Q-OIDC-08] [Q-GOOGLE-18] [Q-ENTRA-33] [Q-OKTA-18] [Q-AUTH0-10] [Q-KEYCLOAK-11]', () => {
  const asks: Readonly<Record<string, { acr_values?: string; claims?: Json }>> = {
    oidc: { acr_values: 'urn:example:2fa', claims: { acr: { essential: true, values: ['urn:example:2fa'] }, amr: { essential: true } } },
    google: { claims: { amr: { essential: true }, auth_time: { essential: true } } },
    entra: { claims: { acrs: { essential: true, value: 'c1' } } },
    okta: { acr_values: 'urn:okta:loa:2fa:any' },
    auth0: { acr_values: 'http://schemas.openid.net/pape/policies/2007/06/multi-factor' },
    keycloak: { claims: { acr: { essential: true, values: ['gold'] } } },
  };

  it.each(kinds.map(({ type }) => type))('%s', async (type) => {
    const asked = await openVendor(type, idp).asked();
    const claims = asked['claims'] === undefined ? undefined : (JSON.parse(asked['claims']) as { id_token: Json }).id_token;
    expect({ acr_values: asked['acr_values'], claims }).toEqual({ acr_values: undefined, claims: undefined, ...asks[type] });
    const plain = await openVendor(type, idp).asked(attempt());
    expect([plain['acr_values'], plain['claims']]).toEqual([undefined, undefined]);
  });

  it.each(kinds.map((kind) => [kind.type, kind] as const))(
    'and asking %s is no proof [Q-ANY-08] [Q-GOOGLE-19] [Q-AUTH0-09]',
    async (_type, kind) => {
      const { acr: _acr, amr: _amr, acrs: _acrs, ...silent } = honestClaims(kind);
      const identity = await openVendor(kind.type, idp).login(silent, {}, attempt({ demand: secondFactor.demand }));
      expect(identity.assurance).toMatchObject({ mfa: false, evidence: [] });
    },
  );
});

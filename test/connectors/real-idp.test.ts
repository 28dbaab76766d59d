import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { exportJWK, exportPKCS8, generateKeyPair, type JWK } from 'jose';
import { openOidcConnector } from '../../src/connectors/oidc.ts';
import type { OidcSettingsInput } from '../../src/connectors/oidc-settings.ts';
import { ConnectionId } from '../../src/domain/ids.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { UpstreamAttempt } from '../../src/domain/upstream-attempt.ts';
import { openRealIdp, type RealIdp } from '../support/real-idp.ts';
import { attempt, clock, refusalOf } from './support.ts';
import { secondFactor } from '../support/assurance.ts';

let keys: { readonly pem: string; readonly jwk: string; readonly publicJwk: JWK };
let idp: RealIdp;
beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid: 'ours', alg: 'ES256', use: 'sig' };
  keys = { pem: await exportPKCS8(privateKey), jwk: JSON.stringify({ ...(await exportJWK(privateKey)), alg: 'ES256' }), publicJwk };
});
beforeEach(async () => {
  // That it runs without its guard against private addresses is meant.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  idp = await openRealIdp({ clientKey: keys.publicJwk });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await idp.close();
});

const demand = () => attempt({ demand: secondFactor.demand });

function connectorTo(private_key: string, more: Partial<OidcSettingsInput> = {}) {
  const settings: OidcSettingsInput = {
    id: ConnectionId.parse('corp'),
    name: 'Corp',
    issuer: idp.issuer,
    client_id: 'drawbridge',
    client_secret: null,
    tokenEndpointAuthMethod: 'private_key_jwt',
    clientKey: { private_key: new Secret<'private_key'>(private_key), kid: 'ours' },
    redirect_uri: 'http://localhost:4000/login/corp/callback',
    scopes: ['openid'],
    claims: { groups: '/groups' },
    mfa: { acr_values: ['gold'], acr: ['gold'], amr: ['mfa'] },
    asksBy: ['acr'],
    ...more,
  };
  return openOidcConnector(settings, { clock, fetch: (url, request) => fetch(url, request as RequestInit) });
}

async function login(connector: ReturnType<typeof connectorTo>, trip: UpstreamAttempt = attempt()) {
  return connector.complete(await idp.visit(await connector.begin(trip)), trip);
}

describe('an identity provider that demands pushed requests and a signed assertion', () => {
  it.each(['pem', 'jwk'] as const)('is given both, with our key as %s', async (form) => {
    expect(await login(connectorTo(keys[form]))).toMatchObject({ subject: 'person-1', groups: ['eng'], issuer: idp.issuer });
    expect([idp.count('/request'), idp.count('/token')]).toEqual([1, 1]);
  });

  it('sees nothing of the request pass through the browser [Q-ANY-09]', async () => {
    const connector = connectorTo(keys.pem);
    const url = await connector.begin(demand());
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
    const again = await connector.begin(demand());
    expect(again.searchParams.get('request_uri')).not.toBe(url.searchParams.get('request_uri'));
  });

  it('refuses us by another key, already where the request is pushed, and we say whose fault it is', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    expect(await refusalOf(login(connectorTo(await exportPKCS8(privateKey))))).toEqual({
      refusal: 'misconfigured',
      reason: 'pushed request: invalid_client with status 401',
    });
    expect((await login(connectorTo(keys.pem))).subject).toBe('person-1');
  });

  it.each<[string, () => string, 'ES256' | 'RS256']>([
    ['a public key', () => JSON.stringify(keys.publicJwk), 'ES256'],
    ['no key at all', () => 'CNRY', 'ES256'],
    ['a key of another algorithm', () => keys.pem, 'RS256'],
  ])('is not asked with %s, and nothing of it is told', async (_what, key, alg) => {
    const clientKey = { private_key: new Secret<'private_key'>(key()), alg };
    const connector = connectorTo(keys.pem, { clientKey });
    expect(await refusalOf(connector.warmUp())).toEqual({
      refusal: 'misconfigured',
      reason: `clientKey: no private key that signs ${alg}`,
    });
  });

  it('tells a level that was asked for from one that was not reached [S3.07]', async () => {
    idp.signsIn = { accountId: 'person-1', acr: 'gold', amr: ['pwd', 'mfa'] };
    const proven = await login(connectorTo(keys.pem), demand());
    expect(proven.assurance).toMatchObject({
      acr: 'gold',
      amr: ['mfa', 'pwd'],
      amrAsSaid: ['pwd', 'mfa'],
      mfa: true,
      evidence: ['acr=gold', 'amr=mfa'],
    });
    idp.signsIn = { accountId: 'person-1', acr: 'silver', amr: ['pwd'] };
    expect((await login(connectorTo(keys.pem))).assurance).toMatchObject({ acr: 'silver', mfa: false });
    expect((await login(connectorTo(keys.pem, { asksBy: ['acr_values'] }), demand())).assurance).toMatchObject({ mfa: false });
  });

  it('that cannot give an essential level says so, and nobody comes in [S3.07]', async () => {
    idp.signsIn = { accountId: 'person-1', acr: 'silver' };
    expect(await refusalOf(login(connectorTo(keys.pem), demand()))).toEqual({
      refusal: 'cancelled',
      reason: 'login: unmet_authentication_requirements',
    });
  });

  it('signs with a new key, and the old one is worth nothing [W51]', async () => {
    const connector = connectorTo(keys.pem);
    expect((await login(connector)).subject).toBe('person-1');
    await idp.rotate();
    expect((await refusalOf(login(connector))).refusal).toBe('untrustworthy');
    const real = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => real + 61_000);
    expect((await login(connector)).subject).toBe('person-1');
  });

  it('of RS256 is read too', async () => {
    await idp.close();
    idp = await openRealIdp({ clientKey: keys.publicJwk, idTokenAlg: 'RS256', requirePar: false });
    expect((await login(connectorTo(keys.pem))).subject).toBe('person-1');
    expect((await refusalOf(login(connectorTo(keys.pem, { allowedAlgorithms: ['ES256'] })))).refusal).toBe('untrustworthy');
  });
});

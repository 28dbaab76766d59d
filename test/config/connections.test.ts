import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { upstreamIssuer } from '../../src/config/connection-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigProblems } from '../../src/config/problems.ts';
import type { ConfigProblem } from '../../src/config/problems.ts';
import { kinds } from '../../src/connectors/kinds/known.ts';
import { exampleDocument } from '../support/example-config.ts';

type Tree = Record<string, unknown>;

const home = '11112222-3333-4444-5555-666677778888';
const pem = '-----BEGIN PRIVATE KEY-----\nCNRYpem\n-----END PRIVATE KEY-----\n';

const documentWith = (connection: Tree): Tree =>
  exampleDocument({ connections: [{ id: 'sso', name: 'Company', client_id: 'us', client_secret: 'CNRYsecret', ...connection }] });

const load = (connection: Tree) =>
  loadConfig({
    file: '/etc/drawbridge.yaml',
    env: {},
    readFile: (path) => {
      if (path === '/etc/drawbridge.yaml') return stringify(documentWith(connection));
      if (path === '/etc/keys/sso.pem') return pem;
      throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    },
  }).connections[0];

function problemsOf(connection: Tree): readonly ConfigProblem[] {
  try {
    load(connection);
  } catch (problem) {
    if (problem instanceof ConfigProblems) return problem.problems;
    throw problem;
  }
  return [];
}

describe('a connection of each kind', () => {
  it.each(kinds.map((kind) => [kind.type, kind] as const))('%s is read as its example has it', (type, kind) => {
    const connection = load({ type, ...kind.example });
    expect(connection?.type).toBe(type);
    expect(connection === undefined ? '' : upstreamIssuer(connection)).toBe(kind.profile(kind.example).issuer);
    expect(JSON.stringify(connection)).not.toContain('CNRY');
  });

  it.each<[Tree, string]>([
    [{ type: 'google' }, 'https://accounts.google.com'],
    [{ type: 'entra', tenant: home }, `https://login.microsoftonline.com/${home}/v2.0`],
    [{ type: 'entra', tenant: home, allowedTenants: [home.replace('1', 'a')] }, 'https://login.microsoftonline.com/organizations/v2.0'],
    [{ type: 'okta', issuer: 'https://acme.okta.example/oauth2/default' }, 'https://acme.okta.example/oauth2/default'],
    [{ type: 'auth0', domain: 'acme.eu.auth0.example' }, 'https://acme.eu.auth0.example/'],
    [{ type: 'keycloak', baseUrl: 'https://sso.acme.example/auth', realm: 'staff' }, 'https://sso.acme.example/auth/realms/staff'],
  ])('%j has the issuer %s [Q-KEYCLOAK-01]', (written, issuer) => {
    const connection = load(written);
    expect(connection === undefined ? '' : upstreamIssuer(connection)).toBe(issuer);
  });

  it.each<[string, Tree, string, RegExp]>([
    ['no kind', {}, 'type', /^is required$/],
    ['an unknown kind', { type: 'CNRY' }, 'type', /^must be oidc or google or entra or okta or auth0 or keycloak$/],
    ['a key of another kind', { type: 'google', realm: 'CNRY' }, 'realm', /not a known key/],
    [
      'a discovery address [Q-ANY-03]',
      { type: 'oidc', issuer: 'https://idp.example/.well-known/openid-configuration' },
      'issuer',
      /issuer itself.*well-known/,
    ],
    ['a discovery address at Okta', { type: 'okta', issuer: 'https://a.example/.well-known/CNRY' }, 'issuer', /issuer itself/],
    ['an issuer with a query', { type: 'oidc', issuer: 'https://idp.example/?CNRY' }, 'issuer', /must be https/],
    ['a domain with a scheme', { type: 'auth0', domain: 'https://acme.auth0.example' }, 'domain', /host name/],
    ['an organization’s name', { type: 'auth0', domain: 'a.auth0.example', organization: 'acme' }, 'organization', /id of an organization/],
    ['a tenant’s name [Q-ENTRA-01]', { type: 'entra', tenant: 'acme.onmicrosoft.com' }, 'tenant', /must be the id/],
    [
      'the tenant of private accounts [Q-ENTRA-05]',
      { type: 'entra', tenant: '9188040d-6c67-4c5b-b112-36a304b66dad' },
      'tenant',
      /private accounts/,
    ],
    [
      'private accounts beside',
      { type: 'entra', tenant: home, allowedTenants: ['9188040d-6c67-4c5b-b112-36a304b66dad'] },
      'allowedTenants[0]',
      /private/,
    ],
    ['the realm in the address', { type: 'keycloak', baseUrl: 'https://a.example/realms/x', realm: 'x' }, 'baseUrl', /without \/realms/],
    ['a realm with a slash', { type: 'keycloak', baseUrl: 'https://a.example', realm: 'x/../y' }, 'realm', /name of a realm/],
    [
      'a parameter that decides',
      { type: 'oidc', issuer: 'https://a.example', authorizationParameters: { redirect_uri: 'CNRY' } },
      'authorizationParameters.redirect_uri',
      /./,
    ],
    [
      'the level of a remembered session as proof [Q-MFA-21]',
      { type: 'keycloak', baseUrl: 'https://a.example', realm: 'x', mfa: { acr: ['gold', '0'] } },
      'mfa.acr[1]',
      /proves nothing/,
    ],
    [
      'that level as proof of more [Q-MFA-21]',
      { type: 'oidc', issuer: 'https://a.example', mfa: { phishingResistant: { acr: ['0'] } } },
      'mfa.phishingResistant.acr[0]',
      /proves nothing/,
    ],
    ['HS256', { type: 'google', allowedAlgorithms: ['HS256'] }, 'allowedAlgorithms[0]', /must be/],
    ['no secret', { type: 'google', client_secret: undefined }, 'client_secret', /is required/],
    ['a key nobody uses', { type: 'google', clientKey: { private_key: pem } }, 'clientKey', /has no use/],
    [
      'a secret beside a key',
      { type: 'google', tokenEndpointAuthMethod: 'private_key_jwt', clientKey: { private_key: pem } },
      'client_secret',
      /has no use/,
    ],
    ['no key', { type: 'google', tokenEndpointAuthMethod: 'private_key_jwt', client_secret: undefined }, 'clientKey', /is required/],
  ])('with %s is refused by name', (_what, written, key, problem) => {
    const problems = problemsOf(written);
    expect(problems).toContainEqual({ key: `connections[0].${key}`, problem: expect.stringMatching(problem) });
    expect(JSON.stringify(problems).replaceAll(`.${key}`, '')).not.toContain('CNRY');
  });
});

describe('the key of private_key_jwt', () => {
  const withKey = (clientKey: Tree): Tree => ({
    type: 'google',
    client_secret: undefined,
    tokenEndpointAuthMethod: 'private_key_jwt',
    clientKey,
  });

  it('comes from a file, and is never shown', () => {
    const connection = load(withKey({ private_key_file: 'keys/sso.pem', alg: 'PS256', kid: 'k1' }));
    const key = connection !== undefined && 'clientKey' in connection ? connection.clientKey : undefined;
    expect(key?.private_key.reveal()).toContain('CNRYpem');
    expect(JSON.stringify(connection)).not.toContain('CNRY');
  });

  it.each([
    ['a certificate', '-----BEGIN CERTIFICATE-----\nCNRY'],
    ['a public key', '-----BEGIN PUBLIC KEY-----\nCNRY'],
    ['an encrypted key', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nCNRY'],
    ['a public JWK', '{"kty":"EC","x":"CNRY"}'],
    ['a shared secret', 'CNRYsecret'],
  ])('that is %s is noticed before anybody signs in', (_what, private_key) => {
    expect(problemsOf(withKey({ private_key }))).toEqual([
      { key: 'connections[0].clientKey.private_key', problem: 'must be a private key: PKCS8 in PEM, not encrypted, or a JWK' },
    ]);
    expect(problemsOf(withKey({ private_key: '{"kty":"EC","d":"CNRY"}' }))).toEqual([]);
  });

  it('in a file that is missing is one problem, by the name of the file’s key', () => {
    expect(problemsOf(withKey({ private_key_file: 'keys/none.pem' })).map(({ key }) => key)).toEqual([
      'connections[0].clientKey.private_key_file',
    ]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { clientFromDocument, isMetadataDocumentUrl } from '../../src/domain/client-metadata-document.ts';
import { isRegistrableRedirectUri } from '../../src/domain/redirect-uri.ts';

const url = 'https://app.example/oauth/client.json';
const plain = { client_id: url, client_name: 'App', redirect_uris: ['https://app.example/cb'] };
const read = (json: unknown, at = url) => clientFromDocument(at, json, isRegistrableRedirectUri);

describe('which client_id is a document URL', () => {
  it.each([url, 'https://app.example:8443/c', 'https://app.example/c?v=1', 'https://app.example/a..b/...'])('%s [A3.02]', (client_id) => {
    expect(isMetadataDocumentUrl(client_id, { loopback: false })).toBe(true);
  });

  it.each([
    ['http', 'http://app.example/c'],
    ['no path', 'https://app.example'],
    ['only the root as path', 'https://app.example/'],
    ['a fragment', 'https://app.example/c#x'],
    ['an empty fragment', 'https://app.example/c#'],
    ['a user', 'https://user@app.example/c'],
    ['a user and password', 'https://user:pw@app.example/c'],
    ['an empty user', 'https://@app.example/c'],
    ['a dot segment', 'https://app.example/a/./c'],
    ['two dots', 'https://app.example/a/../c'],
    ['encoded dots', 'https://app.example/a/%2e%2E/c'],
    ['dots before an encoded slash', 'https://app.example/a/..%2fc'],
    ['a backslash', 'https://app.example\\c'],
    ['a tab', 'https://app.example/\tc'],
    ['a leading space', ' https://app.example/c'],
    ['the default port', 'https://app.example:443/c'],
    ['an upper-case host', 'https://App.example/c'],
    ['an upper-case scheme', 'HTTPS://app.example/c'],
    ['a number for an address', 'https://2130706433/c'],
    ['a short address', 'https://127.1/c'],
    ['an international name as such', 'https://äpp.example/c'],
    ['another scheme', 'file:///etc/passwd'],
    ['no URL', 'drawbridge'],
    ['too long', `https://app.example/${'c'.repeat(2000)}`],
  ])('not with %s [A3.02] [A3.03]', (_what, client_id) => {
    expect(isMetadataDocumentUrl(client_id, { loopback: false })).toBe(false);
    expect(isMetadataDocumentUrl(client_id, { loopback: true })).toBe(false);
  });

  it('http on this machine counts only while the broker itself is there', () => {
    for (const client_id of ['http://127.0.0.1:4100/c', 'http://localhost:4100/c', 'http://[::1]:4100/c']) {
      expect(isMetadataDocumentUrl(client_id, { loopback: true })).toBe(true);
      expect(isMetadataDocumentUrl(client_id, { loopback: false })).toBe(false);
    }
    expect(isMetadataDocumentUrl('http://127.0.0.1.evil.test/c', { loopback: true })).toBe(false);
  });
});

describe('what a document says', () => {
  it('is a public client of its host, by default of both grants [A3.05] [A3.06] [A3.09]', () => {
    expect(read(plain)).toEqual({
      client: {
        client_id: url,
        metadata: {
          client_name: 'App',
          redirect_uris: ['https://app.example/cb'],
          token_endpoint_auth_method: 'none',
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
        },
        verifiedHost: 'app.example',
        origin: 'metadata-document',
        secretDigest: null,
      },
    });
  });

  it('may hold more, of which we take what we know [A3.06]', () => {
    const claude = {
      ...plain,
      client_uri: 'https://app.example',
      application_type: 'native',
      logo_uri: 'https://169.254.169.254/logo',
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback', 'http://127.0.0.1/callback'],
    };
    expect(read(claude)).toMatchObject({
      client: {
        metadata: {
          client_uri: 'https://app.example',
          application_type: 'native',
          grant_types: ['authorization_code', 'refresh_token'],
          redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
        },
      },
    });
    expect(JSON.stringify(read(claude))).not.toContain('logo');
    const odd = read({ ...plain, client_uri: 'javascript:alert(1)', application_type: 'toaster' });
    expect(odd).toEqual(read(plain));
  });

  it('of a large client that lists its methods under a name of its own is public when none is among them [A3.09]', () => {
    const listing = { ...plain, token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example/jwks' };
    expect(read({ ...listing, token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'] })).toHaveProperty('client');
    expect(read({ ...plain, token_endpoint_auth_methods_supported: ['none'] })).toHaveProperty('client');
    expect(read(listing)).toEqual({ reason: expect.stringContaining('private_key_jwt') });
  });

  it('with addresses that may not be registered is a client of the others', () => {
    const mixed = { ...plain, redirect_uris: ['javascript:alert(1)', 'http://app.example/cb', 'https://app.example/cb'] };
    expect(read(mixed)).toEqual(read(plain));
    expect(read({ ...plain, redirect_uris: ['javascript:alert(1)'] })).toEqual({ reason: expect.stringContaining('redirect_uris') });
  });

  it.each([
    `${url}/`,
    url.toUpperCase(),
    url.replace('https', 'http'),
    'https://app.example:443/oauth/client.json',
    url.replace('json', 'jso%6e'),
    '',
  ])('client_id %s is not the URL and is refused [A3.03] [A3.05] [W37]', (client_id) => {
    expect(read(plain)).toHaveProperty('client');
    expect(read({ ...plain, client_id })).toEqual({ reason: 'client_id is not the URL of the document' });
  });

  const ofKey = (more: object) => ({ ...plain, jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', ...more }] } });
  it.each<[string, unknown]>([
    ['a client_secret', { ...plain, client_secret: 'x' }],
    ['an expiring client_secret', { ...plain, client_secret_expires_at: 0 }],
    ['client_secret_basic', { ...plain, token_endpoint_auth_method: 'client_secret_basic' }],
    ['client_secret_post', { ...plain, token_endpoint_auth_method: 'client_secret_post' }],
    ['client_secret_jwt', { ...plain, token_endpoint_auth_method: 'client_secret_jwt' }],
    ['a listed client_secret_post', { ...plain, token_endpoint_auth_methods_supported: ['none', 'client_secret_post'] }],
    ['a private key', ofKey({ d: 'd' })],
    ['a symmetric key', { ...plain, jwks: { keys: [{ kty: 'oct', k: 'k' }] } }],
    ['a key that is none', { ...plain, jwks: { keys: [null] } }],
    ['keys that are no set', { ...plain, jwks: [] }],
  ])('%s is refused [A3.08] [W37]', (_what, json) => {
    expect(read(ofKey({}))).toHaveProperty('client');
    expect(read(json)).toHaveProperty('reason');
  });

  it.each<[string, unknown]>([
    ['a list', [plain]],
    ['null', null],
    ['text', 'x'],
    ['client_id missing', { ...plain, client_id: undefined }],
    ['client_id a list', { ...plain, client_id: [url] }],
    ['client_name missing', { ...plain, client_name: undefined }],
    ['client_name blank', { ...plain, client_name: '  ' }],
    ['client_name not text', { ...plain, client_name: {} }],
    ['client_name endless', { ...plain, client_name: 'x'.repeat(201) }],
    ['redirect_uris missing', { ...plain, redirect_uris: undefined }],
    ['redirect_uris empty', { ...plain, redirect_uris: [] }],
    ['redirect_uris text', { ...plain, redirect_uris: 'https://app.example/cb' }],
    ['redirect_uris ten thousand', { ...plain, redirect_uris: Array.from({ length: 10_000 }, () => 'https://app.example/cb') }],
    ['an unknown method', { ...plain, token_endpoint_auth_method: 'tls_client_auth' }],
    ['a method that is no text', { ...plain, token_endpoint_auth_method: null }],
  ])('%s is refused [A3.06] [W37]', (_what, json) => {
    expect(read(plain)).toHaveProperty('client');
    expect(read(json)).toHaveProperty('reason');
  });
});

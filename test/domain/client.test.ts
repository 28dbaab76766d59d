import { describe, expect, it } from '@jest/globals';
import { admitClient } from '../../src/domain/client.ts';
import { RegistrationRefusal } from '../../src/domain/oauth-error.ts';

const open = [{ policy: 'open' as const, allow: [] }];
const redirect_uris = ['http://127.0.0.1:33418/cb'];

function refusal(submitted: unknown, policies: Parameters<typeof admitClient>[1] = open): string {
  try {
    admitClient(submitted, policies);
  } catch (error) {
    if (error instanceof RegistrationRefusal) return `${error.error}: ${error.description}`;
    throw error;
  }
  return 'admitted';
}

describe('a registration that is admitted', () => {
  it.each<[string, object, object]>([
    [
      'with addresses alone gets the defaults',
      {},
      { token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'] },
    ],
    ['with an empty method has it settled', { token_endpoint_auth_method: '' }, { token_endpoint_auth_method: 'none' }],
    [
      'keeps the method it asked for',
      { token_endpoint_auth_method: 'client_secret_post' },
      { token_endpoint_auth_method: 'client_secret_post' },
    ],
    ['without refresh_token stays without', { grant_types: ['authorization_code'] }, { grant_types: ['authorization_code'] }],
    [
      'loses grants and response types we do not know',
      { grant_types: ['authorization_code', 'urn:x'], response_types: ['code', 'id_token'] },
      { grant_types: ['authorization_code'], response_types: ['code'] },
    ],
    ['names an address once', { redirect_uris: [...redirect_uris, ...redirect_uris] }, { redirect_uris }],
    ['may be native or web', { application_type: 'web' }, { application_type: 'web' }],
  ])('%s', (_, changes, kept) => {
    expect(admitClient({ redirect_uris, ...changes }, open)).toMatchObject(kept);
  });

  it('says back only what was read: unknown, empty and language-tagged members are not there [A2.09] [W29]', () => {
    const more = {
      'client_name#fr': 'Outil',
      x_foo: 1,
      client_id: 'mine',
      client_secret: 's',
      client_uri: '',
      scope: '',
      tenant: 'acme',
      verifiedHost: 'x',
    };
    const admitted = admitClient({ redirect_uris, client_name: ' Tool ', ...more }, open);
    expect(admitted).toEqual({
      client_name: 'Tool',
      redirect_uris,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    });
  });
});

describe('a registration that is refused', () => {
  it.each<[string, unknown, RegExp]>([
    ['no object', null, /^invalid_client_metadata: /],
    ['a list', [], /^invalid_client_metadata: /],
    ['no addresses', {}, /^invalid_redirect_uri: /],
    ['no address in the list', { redirect_uris: [] }, /^invalid_redirect_uri: /],
    ['too many addresses', { redirect_uris: Array.from({ length: 21 }, () => redirect_uris[0]) }, /^invalid_redirect_uri: /],
    ['an address that is no text', { redirect_uris: [1] }, /^invalid_redirect_uri: /],
    [
      'one bad address among good ones, by its place',
      { redirect_uris: [...redirect_uris, 'evil://x'] },
      /^invalid_redirect_uri: redirect_uris\[1\] /,
    ],
    ['a name that is no text', { redirect_uris, client_name: { a: 1 } }, /^invalid_client_metadata: client_name /],
    ['a name that is too long', { redirect_uris, client_name: 'x'.repeat(201) }, /^invalid_client_metadata: client_name /],
    ['[A2.10] no code among the response types', { redirect_uris, response_types: ['token'] }, /^invalid_client_metadata: response_types /],
    [
      '[A2.10] the implicit grant',
      { redirect_uris, grant_types: ['authorization_code', 'implicit'] },
      /^invalid_client_metadata: grant_types /,
    ],
    [
      '[A2.10] the password grant',
      { redirect_uris, grant_types: ['authorization_code', 'password'] },
      /^invalid_client_metadata: grant_types /,
    ],
    ['[A2.10] no authorization_code', { redirect_uris, grant_types: ['refresh_token'] }, /^invalid_client_metadata: grant_types /],
    ['[A2.10] two sets of keys', { redirect_uris, jwks: {}, jwks_uri: 'https://x.example/' }, /^invalid_client_metadata: jwks /],
    [
      'a method we do not have',
      { redirect_uris, token_endpoint_auth_method: 'private_key_jwt' },
      /^invalid_client_metadata: token_endpoint_auth_method /,
    ],
    ['a type of application there is not', { redirect_uris, application_type: 'desktop' }, /^invalid_client_metadata: application_type /],
  ])('%s', (_, submitted, code) => {
    expect(refusal(submitted)).toMatch(code);
    expect(refusal({ redirect_uris })).toBe('admitted');
  });

  it('an address that no resource sends answers to is refused, one that some resource admits is not', () => {
    const closed = { policy: 'allow-list' as const, allow: ['https://app.example/cb'] };
    expect(refusal({ redirect_uris: ['https://other.example/cb'] }, [closed])).toMatch(/^invalid_redirect_uri: redirect_uris\[0\] /);
    expect(refusal({ redirect_uris: ['https://other.example/cb'] }, [closed, ...open])).toBe('admitted');
    expect(refusal({ redirect_uris: ['https://app.example/cb', ...redirect_uris] }, [closed])).toBe('admitted');
  });
});

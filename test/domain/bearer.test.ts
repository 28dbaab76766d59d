import { describe, expect, it } from '@jest/globals';
import { extractWWWAuthenticateParams } from '@modelcontextprotocol/sdk/client/auth.js';
import { readBearer, writeChallenge } from '../../src/domain/bearer.ts';

describe('the Authorization header', () => {
  it.each([
    ['a token', ['Authorization', 'Bearer abc.DEF-_~+/=='], { kind: 'token', token: 'abc.DEF-_~+/==' }],
    ['[G2.13] the scheme in small letters', ['authorization', 'bearer abc'], { kind: 'token', token: 'abc' }],
    ['[G2.13] the scheme in capitals', ['AUTHORIZATION', 'BEARER abc'], { kind: 'token', token: 'abc' }],
    ['nothing', ['Host', 'h'], { kind: 'none' }],
    ['another scheme', ['Authorization', 'Basic YTpi'], { kind: 'none' }],
    ['a scheme that only begins alike', ['Authorization', 'BearerX abc'], { kind: 'none' }],
    ['[G2.11] the header twice', ['Authorization', 'Bearer abc', 'authorization', 'Bearer abc'], { kind: 'malformed' }],
    ['[G2.11] two schemes', ['Authorization', 'Bearer abc', 'Authorization', 'Basic YTpi'], { kind: 'malformed' }],
    ['[G2.11] no token', ['Authorization', 'Bearer'], { kind: 'malformed' }],
    ['[G2.11] an empty token', ['Authorization', 'Bearer '], { kind: 'malformed' }],
    ['[G2.11] two tokens', ['Authorization', 'Bearer a, Bearer b'], { kind: 'malformed' }],
    ['illegal characters', ['Authorization', 'Bearer a"b'], { kind: 'malformed' }],
    ['an endless token', ['Authorization', `Bearer ${'a'.repeat(16_385)}`], { kind: 'malformed' }],
    ['a value that looks like a name', ['x', 'authorization', 'y', 'Bearer abc'], { kind: 'none' }],
  ])('%s', (_, raw, expected) => {
    expect(readBearer(raw)).toEqual(expected);
  });
});

describe('the challenge', () => {
  const resource_metadata = 'https://h.example/.well-known/oauth-protected-resource/mcp';

  it('[G2.02] [G2.03] has scope and metadata but no error when nothing was sent', () => {
    expect(writeChallenge({ error: null, scope: ['notes:read'], resource_metadata, error_description: null })).toBe(
      `Bearer scope="notes:read", resource_metadata="${resource_metadata}"`,
    );
  });

  it('[G2.05] [G2.09] [G2.14] quotes everything, free text last, never offline_access, and the SDK reads it', () => {
    const header = writeChallenge({
      error: 'insufficient_scope',
      scope: ['notes:read', 'offline_access', 'notes:write'],
      resource_metadata,
      error_description: 'More consent is needed',
    });
    expect(header).toBe(
      `Bearer error="insufficient_scope", scope="notes:read notes:write", resource_metadata="${resource_metadata}", error_description="More consent is needed"`,
    );
    const read = extractWWWAuthenticateParams(new Response(null, { status: 403, headers: { 'WWW-Authenticate': header } }));
    expect(read).toEqual({ resourceMetadataUrl: new URL(resource_metadata), scope: 'notes:read notes:write', error: 'insufficient_scope' });
  });

  it('[G2.18] says what a new sign-in has to prove, and the SDK still reads the rest', () => {
    const header = writeChallenge({
      error: 'insufficient_user_authentication',
      scope: ['notes:read'],
      acr_values: 'urn:drawbridge:acr:mfa',
      max_age: 0,
      resource_metadata,
      error_description: null,
    });
    expect(header).toBe(
      `Bearer error="insufficient_user_authentication", scope="notes:read", acr_values="urn:drawbridge:acr:mfa", max_age="0", resource_metadata="${resource_metadata}"`,
    );
    const read = extractWWWAuthenticateParams(new Response(null, { status: 401, headers: { 'WWW-Authenticate': header } }));
    expect(read).toMatchObject({ resourceMetadataUrl: new URL(resource_metadata), scope: 'notes:read' });
  });

  it('[W139] nothing breaks out of the quotes or the header', () => {
    const header = writeChallenge({ error: null, scope: ['a"b\\\r\nSet-Cookie: x=1'], resource_metadata, error_description: 'é"\u0000' });
    expect(header).toBe(`Bearer scope="abSet-Cookie: x=1", resource_metadata="${resource_metadata}", error_description=""`);
  });
});

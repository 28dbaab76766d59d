import { describe, expect, it } from '@jest/globals';
import { accessTokenClaims, accessTokenType } from '../../src/domain/access-token.ts';
import { makeResource, makeStanding } from '../support/gateway-world.ts';
import { assuranceFrom } from '../../src/domain/assurance.ts';

const resource = makeResource('https://mcp.example/mcp', 'http://localhost:1/');
const facts = { issuer: 'https://mcp.example', scope: ['read', 'write'], jti: 'j', now: 1_700_000_000_999, lifetime: 3600 };

describe('the claims of an access token', () => {
  it('say who, where, what for and how long, and nothing more', () => {
    const standing = makeStanding(resource);
    expect(accessTokenType).toBe('at+jwt');
    expect(accessTokenClaims({ ...facts, standing })).toEqual({
      iss: 'https://mcp.example',
      sub: 'user-1',
      aud: 'https://mcp.example/mcp',
      client_id: 'client-1',
      scope: 'read write',
      tenant: 'acme',
      grant_id: standing.grantId,
      iat: 1_700_000_000,
      exp: 1_700_003_600,
      jti: 'j',
    });
  });

  it('carry how the person signed in as far as it is known', () => {
    const said = { auth_time: 1_600_000_000, acr: 'urn:example:mfa', amr: ['pwd', 'totp', 'session'] };
    const assurance = assuranceFrom(said, { acr: ['urn:example:mfa'], amr: [] });
    const claims = accessTokenClaims({ ...facts, standing: makeStanding(resource, { assurance }) });
    expect(claims).toMatchObject({ auth_time: 1_600_000_000, acr: 'urn:drawbridge:acr:mfa', amr: ['otp', 'pwd'] });
    expect(claims).not.toHaveProperty('evidence');
    const asStoredBefore = { ...assurance, amr: ['totp', 'session'] };
    expect(accessTokenClaims({ ...facts, standing: makeStanding(resource, { assurance: asStoredBefore }) })).toMatchObject({
      amr: ['otp'],
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { authorizationServerMetadata, endpointPaths, metadataPaths } from '../../src/domain/metadata.ts';
import { makeResource } from '../support/gateway-world.ts';

const one = '/.well-known/oauth-authorization-server';
const two = '/.well-known/openid-configuration';

describe('where metadata is looked for', () => {
  it.each<[string, string[]]>([
    ['https://h.example', [one, two]],
    ['https://h.example/', [one, two]],
    ['https://h.example/a', [`${one}/a`, `${two}/a`, `/a${two}`]],
    ['https://h.example/a/', [`${one}/a`, `${two}/a`, `/a${two}`]],
    ['https://h.example:8443/a/b', [`${one}/a/b`, `${two}/a/b`, `/a/b${two}`]],
  ])('%s [A1.04]', (issuer, paths) => {
    expect(metadataPaths(issuer)).toEqual(paths);
  });
});

describe('the metadata document', () => {
  const issuer = 'https://mcp.example';
  const [notes, files] = [makeResource(`${issuer}/notes`, 'http://localhost:1/'), makeResource(`${issuer}/files`, 'http://localhost:2/')];
  const registration = { dynamic: true, documents: true };
  const document = authorizationServerMetadata({ issuer, resources: [notes, files], registration });

  it('names every endpoint below the issuer and nothing elsewhere', () => {
    expect(document['issuer']).toBe(issuer);
    for (const [name, path] of Object.entries(endpointPaths)) expect(document[name]).toBe(`${issuer}${path}`);
    const urls = Object.entries(document).filter(([name]) => /_(endpoint|uri)$/.test(name));
    expect(urls.every(([, url]) => String(url).startsWith(`${issuer}/`))).toBe(true);
    expect(document['protected_resources']).toEqual([notes.identifier, files.identifier]);
  });

  it('says which ways of becoming known are open [A1.13] [A1.14]', () => {
    expect(document).toMatchObject({ registration_endpoint: `${issuer}/register`, client_id_metadata_document_supported: true });
    const closed = authorizationServerMetadata({ issuer, resources: [notes], registration: { dynamic: false, documents: false } });
    expect(closed).not.toHaveProperty('registration_endpoint');
    expect(closed['client_id_metadata_document_supported']).toBe(false);
  });

  it('lists every scope of every resource once, and the server’s own [A1.16]', () => {
    expect(document['scopes_supported']).toEqual(['notes:read', 'notes:write', 'notes:export', 'offline_access']);
  });

  it('has no empty list and nothing null, whatever is configured', () => {
    fc.assert(
      fc.property(fc.subarray([notes, files], { minLength: 1 }), (resources) => {
        for (const value of Object.values(authorizationServerMetadata({ issuer, resources, registration }))) {
          expect(value).not.toBeNull();
          if (Array.isArray(value)) expect(value).not.toHaveLength(0);
        }
      }),
    );
  });
});

import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ClientMetadata } from '../../src/domain/client.ts';
import { derivedClientSecret, sealClient, unsealClient } from '../../src/domain/sealed-client.ts';

const macUnder = (key: string) => (purpose: string, value: string) =>
  createHmac('sha256', key).update(`${purpose}\n${value}`).digest('base64url');
const mac = macUnder('one key');

const metadata: ClientMetadata = {
  client_name: 'Tool \u2603',
  redirect_uris: ['http://127.0.0.1:33418/cb'],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
};

describe('a client sealed in its identifier', () => {
  const names = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });

  it('comes back as it was, self-registered, with nothing stored', () => {
    fc.assert(
      fc.property(names, fc.option(fc.base64String({ maxLength: 30 }), { nil: null }), (client_name, nonce) => {
        const client_id = sealClient({ ...metadata, client_name }, nonce, mac);
        const expected = {
          client_id,
          metadata: { ...metadata, client_name },
          verifiedHost: null,
          origin: 'self-registered',
          secretDigest: null,
        };
        expect(unsealClient(client_id, mac)).toEqual(expected);
        expect(client_id).toMatch(/^dyn_[A-Za-z0-9_.-]+$/);
      }),
    );
  });

  it('the same registration has the same identifier, another has another, a nonce makes it its own', () => {
    expect(sealClient({ ...metadata }, null, mac)).toBe(sealClient(metadata, null, mac));
    expect(sealClient({ ...metadata, client_name: 'Other' }, null, mac)).not.toBe(sealClient(metadata, null, mac));
    expect(sealClient(metadata, 'n', mac)).not.toBe(sealClient(metadata, null, mac));
    expect(sealClient(metadata, 'n', mac)).not.toBe(sealClient(metadata, 'm', mac));
  });

  it('no other spelling of it is a client', () => {
    const client_id = sealClient(metadata, null, mac);
    const characters = fc.constantFrom(...'ABab01-_.= %');
    fc.assert(
      fc.property(fc.nat({ max: client_id.length - 1 }), characters, (at, character) => {
        fc.pre(client_id[at] !== character);
        expect(unsealClient(client_id.slice(0, at) + character + client_id.slice(at + 1), mac)).toBeNull();
      }),
      { numRuns: 500 },
    );
    expect(unsealClient(client_id, mac)).not.toBeNull();
  });

  it.each<[string, (id: string) => string]>([
    ['sealed under another key', () => sealClient(metadata, null, macUnder('another key'))],
    ['cut short', (id) => id.slice(0, -1)],
    ['made longer', (id) => `${id}A`],
    ['with a line end', (id) => `${id}\n`],
    ['in capitals', (id) => id.toUpperCase()],
    [
      'whose words another put in',
      (id) =>
        `dyn_${Buffer.from(JSON.stringify({ metadata: { ...metadata, client_name: 'Evil' } })).toString('base64url')}.${id.split('.')[1] ?? ''}`,
    ],
    [
      'with a tag for another purpose',
      (id) => `${id.split('.')[0] ?? ''}.${mac('client_secret', id.slice(4).split('.')[0] ?? '').slice(0, 22)}`,
    ],
    ['longer than any', () => `dyn_${'A'.repeat(3951)}.${'A'.repeat(22)}`],
    ['that is nothing', () => ''],
  ])('one %s is nobody', (_, changed) => {
    expect(unsealClient(changed(sealClient(metadata, null, mac)), mac)).toBeNull();
  });

  it('its secret is its own, unreserved and long [A4.03]', () => {
    const [one, other] = ['n', 'm'].map((nonce) => derivedClientSecret(sealClient(metadata, nonce, mac), mac).reveal());
    expect(one).toMatch(/^dbs_[A-Za-z0-9_-]{43}$/);
    expect(other).not.toBe(one);
    expect(derivedClientSecret(sealClient(metadata, 'n', mac), mac).reveal()).toBe(one);
    expect(derivedClientSecret(sealClient(metadata, 'n', mac), macUnder('another key')).reveal()).not.toBe(one);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Passkey } from '../../src/domain/passkey.ts';
import { Assertion, Registration } from '../../src/domain/passkey.ts';
import { openPasskeys } from '../../src/platform/passkeys.ts';
import { Authenticator } from '../support/authenticator.ts';
import type { Algorithm, Asked, Misbehaviour } from '../support/authenticator.ts';

const origin = 'https://login.acme.example';
const passkeys = openPasskeys(origin, 'Acme');
const owner = { id: 'u_1', name: 'dana', displayName: 'Dana' };
const challenge = 'c'.repeat(43);

const creation = passkeys.creationOptions(challenge, owner, []) as Asked;

async function registered(device: Authenticator, wrong: Misbehaviour = {}): Promise<Passkey> {
  const made = await passkeys.verifyRegistration(Registration.parse(device.create(creation, wrong)), challenge);
  if (typeof made === 'string') throw new Error(made);
  return { ...made, addedAt: 0 };
}

describe('what a browser is asked with', () => {
  it('names us, an owner who is nobody outside, and what we take; the device has to make sure of its person [WebAuthn §5.4]', () => {
    expect(creation).toEqual({
      rp: { id: 'login.acme.example', name: 'Acme' },
      user: { id: Buffer.from('u_1').toString('base64url'), name: 'dana', displayName: 'Dana' },
      challenge,
      pubKeyCredParams: [-7, -257, -8].map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: [],
      authenticatorSelection: { residentKey: 'preferred', requireResidentKey: false, userVerification: 'required' },
      attestation: 'none',
    });
    const kept = { id: 'AAAA', publicKey: 'k', counter: 0, transports: ['usb'], addedAt: 0 };
    const named = [{ type: 'public-key', id: 'AAAA', transports: ['usb'] }];
    expect(passkeys.creationOptions(challenge, owner, [kept])).toMatchObject({ excludeCredentials: named });
    expect(passkeys.requestOptions(challenge, [kept])).toEqual({
      rpId: 'login.acme.example',
      challenge,
      allowCredentials: named,
      userVerification: 'required',
    });
  });

  it.each([
    ['https://login.acme.example', true],
    ['http://localhost:4000', true],
    ['http://127.0.0.1:4000', false],
    ['http://[::1]:4000', false],
  ])('browsers make passkeys at %s: %s', (issuer, areTaken) => {
    expect(openPasskeys(issuer, 'Acme').areTaken).toBe(areTaken);
  });
});

describe('a registration', () => {
  it.each<Algorithm>(['ES256', 'RS256', 'EdDSA'])('of %s is taken, and what it makes then signs', async (algorithm) => {
    const device = new Authenticator(origin);
    const passkey = await registered(device, { algorithm });
    expect(passkey).toMatchObject({ id: device.id, counter: 0, transports: ['internal', 'hybrid'] });
    const answer = Assertion.parse(device.get(passkeys.requestOptions(challenge, [passkey]) as Asked));
    expect(await passkeys.verifyAssertion(answer, challenge, owner.id, [passkey])).toEqual({ id: device.id, counter: 0 });
  });

  it.each<[string, Misbehaviour, string]>([
    ['of another challenge', { challenge: 'd'.repeat(43) }, 'another challenge'],
    ['made at another origin', { origin: 'https://login.acme.example.evil.example' }, 'another origin'],
    ['made at another port', { origin: 'https://login.acme.example:8443' }, 'another origin'],
    ['made inside a page of another site', { crossOrigin: true }, 'another origin'],
    ['for another site', { rpId: 'acme.example' }, 'not verified'],
    ['of nobody verified', { isVerified: false }, 'not verified'],
    ['of nobody there', { isPresent: false }, 'not verified'],
    ['that was a use', { type: 'webauthn.get' }, 'not verified'],
    ['that says another name than it has', { id: 'AAAA' }, 'not verified'],
  ])('%s is refused', async (_, wrong, fault) => {
    const answer = Registration.parse(new Authenticator(origin).create(creation, wrong));
    expect(await passkeys.verifyRegistration(answer, challenge)).toBe(fault);
  });

  it.each<[string, NonNullable<Misbehaviour['statement']>]>([
    ['a statement that would not verify', ['packed', new Map<string, number | Uint8Array>([['alg', -7], ['sig', Buffer.alloc(70)]])]], // prettier-ignore
    ['a format nobody knows', ['newest', new Map([['x5c', 'https://fetch.evil.example']])]],
  ])('with %s is judged by the rest of it: none was asked for', async (_, statement) => {
    expect(await registered(new Authenticator(origin), { statement })).toMatchObject({ counter: 0 });
  });

  it.each<[string, Partial<Registration['response']>]>([
    ['bytes that are no map', { attestationObject: Buffer.from('nonsense').toString('base64url') }],
    ['a tower of maps', { attestationObject: Buffer.alloc(14_000, 0xa1).toString('base64url') }],
    ['a count without end', { attestationObject: Buffer.from('9bffffffffffffffff', 'hex').toString('base64url') }],
    ['client data that is no object', { clientDataJSON: Buffer.from('null').toString('base64url') }],
    ['client data that is no JSON', { clientDataJSON: 'AAAA' }],
  ])('of %s is refused', async (_, changed) => {
    const answer = Registration.parse(new Authenticator(origin).create(creation));
    expect(await passkeys.verifyRegistration({ ...answer, response: { ...answer.response, ...changed } }, challenge)).toBe('not verified');
  });
});

describe('a use', () => {
  it.each<[string, Misbehaviour, string]>([
    ['of another challenge', { challenge: 'd'.repeat(43) }, 'another challenge'],
    ['at another origin', { origin: 'https://login-acme.example' }, 'another origin'],
    ['inside a page of another site', { crossOrigin: true }, 'another origin'],
    ['for another site', { rpId: 'example' }, 'not verified'],
    ['of nobody verified', { isVerified: false }, 'not verified'],
    ['of nobody there', { isPresent: false }, 'not verified'],
    ['that was a registration', { type: 'webauthn.create' }, 'not verified'],
    ['with a signature changed', { isForged: true }, 'not verified'],
    ['of a passkey nobody has', { id: 'AAAA' }, 'unknown passkey'],
    ['of somebody else’s passkey', { userHandle: Buffer.from('u_2').toString('base64url') }, 'unknown passkey'],
  ])('%s is refused', async (_, wrong, fault) => {
    const device = new Authenticator(origin);
    const passkey = await registered(device);
    const answer = Assertion.parse(device.get(passkeys.requestOptions(challenge, [passkey]) as Asked, wrong));
    expect(await passkeys.verifyAssertion(answer, challenge, owner.id, [passkey])).toBe(fault);
  });

  it('under the key of another passkey is refused', async () => {
    const [mine, theirs] = [new Authenticator(origin), new Authenticator(origin)];
    const [passkey, other] = [await registered(mine), await registered(theirs)];
    const answer = Assertion.parse(theirs.get(passkeys.requestOptions(challenge, [passkey]) as Asked, { id: passkey.id }));
    expect(await passkeys.verifyAssertion(answer, challenge, owner.id, [passkey, other])).toBe('not verified');
  });
});

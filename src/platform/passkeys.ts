import { isIP } from 'node:net';
import type { Assertion, NewPasskey, Passkey, PasskeyFault, Registration, UsedPasskey } from '../domain/passkey.ts';
import type { Passkeys } from '../ports/passkeys.ts';

/** ES256, RS256 and EdDSA. RFC 9053 §2, RFC 8812 §2. */
const algorithms = [-7, -257, -8];

/** Twenty-five megabytes and a second that a process without passkeys does not spend. */
async function load() {
  const { verifyAuthenticationResponse, verifyRegistrationResponse } = await import('@simplewebauthn/server');
  const { decodeAttestationObject, isoCBOR } = await import('@simplewebauthn/server/helpers');
  return { verifyAuthenticationResponse, verifyRegistrationResponse, decodeAttestationObject, isoCBOR };
}
type Library = Awaited<ReturnType<typeof load>>;

let loaded: Promise<Library> | undefined;
const library = async (): Promise<Library> => (loaded ??= load());

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64url'));
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
const handleOf = (owner: string) => textOf(Buffer.from(owner));

/** What the browser says it did; null when that is no JSON object. WebAuthn Level 3 §5.8.1. */
function clientData(encoded: string): Readonly<Record<string, unknown>> | null {
  try {
    const said: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString());
    return typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** What the library says again in sentences that quote the answer, in words for the record. Framed by another site is another origin too. */
function faultOf(encoded: string, challenge: string, origin: string): PasskeyFault | null {
  const said = clientData(encoded);
  if (said === null) return 'not verified';
  if (said['challenge'] !== challenge) return 'another challenge';
  return said['origin'] !== origin || said['crossOrigin'] === true ? 'another origin' : null;
}

/**
 * The same without the statement about the device, which some send unasked: it proves nothing to us, and to verify it the library would
 * fetch addresses that stand in it. WebAuthn Level 3 §5.4.7.
 */
function withoutStatement({ decodeAttestationObject, isoCBOR }: Library, answer: Registration): Registration {
  const authData = decodeAttestationObject(bytesOf(answer.response.attestationObject)).get('authData');
  const bare = new Map<string, string | Uint8Array<ArrayBuffer> | Map<string, string>>([
    ['fmt', 'none'],
    ['attStmt', new Map()],
    ['authData', authData],
  ]);
  return { ...answer, response: { ...answer.response, attestationObject: textOf(isoCBOR.encode(bare)) } };
}

/** The library throws for whatever is not as it should be. */
async function unlessRefused<Judged>(verify: () => Promise<Judged>): Promise<Judged | null> {
  try {
    return await verify();
  } catch {
    return null;
  }
}

const named = (passkeys: readonly Passkey[]) => passkeys.map(({ id, transports }) => ({ type: 'public-key', id, transports }));

/** Us, as browsers and devices know us. */
interface Party {
  readonly rpId: string;
  readonly origin: string;
}

async function verifyRegistration({ rpId, origin }: Party, answer: Registration, challenge: string): Promise<NewPasskey | PasskeyFault> {
  const fault = faultOf(answer.response.clientDataJSON, challenge, origin);
  if (fault !== null) return fault;
  const webauthn = await library();
  const judged = await unlessRefused(async () =>
    webauthn.verifyRegistrationResponse({
      response: { ...withoutStatement(webauthn, answer), clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      supportedAlgorithmIDs: algorithms,
    }),
  );
  if (judged?.verified !== true || judged.registrationInfo.credential.id !== answer.id) return 'not verified';
  const { id, publicKey, counter } = judged.registrationInfo.credential;
  return { id, publicKey: textOf(publicKey), counter, transports: answer.response.transports };
}

async function verifyAssertion(
  { rpId, origin }: Party,
  answer: Assertion,
  challenge: string,
  { owner, allowed }: { readonly owner: string; readonly allowed: readonly Passkey[] },
): Promise<UsedPasskey | PasskeyFault> {
  const { userHandle, ...said } = answer.response;
  const fault = faultOf(said.clientDataJSON, challenge, origin);
  if (fault !== null) return fault;
  const passkey = allowed.find(({ id }) => id === answer.id);
  if (passkey === undefined || (typeof userHandle === 'string' && userHandle !== handleOf(owner))) return 'unknown passkey';
  const { verifyAuthenticationResponse } = await library();
  const judged = await unlessRefused(async () =>
    verifyAuthenticationResponse({
      response: { ...answer, response: said, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      // What it counts is judged by our own rule, which has a word for the record.
      credential: { id: passkey.id, publicKey: bytesOf(passkey.publicKey), counter: 0 },
    }),
  );
  return judged?.verified === true ? { id: passkey.id, counter: judged.authenticationInfo.newCounter } : 'not verified';
}

/** For the issuer's own host and origin; `name` is what devices show. */
export function openPasskeys(issuer: string, name: string): Passkeys {
  const { hostname: rpId, origin } = new URL(issuer);
  const us = { rpId, origin };
  return {
    areTaken: isIP(rpId.replace(/^\[|\]$/g, '')) === 0,
    creationOptions: (challenge, { id, ...shown }, existing) => ({
      rp: { id: rpId, name },
      user: { id: handleOf(id), ...shown },
      challenge,
      pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: named(existing),
      authenticatorSelection: { residentKey: 'preferred', requireResidentKey: false, userVerification: 'required' },
      attestation: 'none',
    }),
    requestOptions: (challenge, allowed) => ({ rpId, challenge, allowCredentials: named(allowed), userVerification: 'required' }),
    verifyRegistration: async (answer, challenge) => verifyRegistration(us, answer, challenge),
    verifyAssertion: async (answer, challenge, owner, allowed) => verifyAssertion(us, answer, challenge, { owner, allowed }),
  };
}

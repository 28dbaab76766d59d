import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { JWSHeaderParameters } from 'jose';
import { CompactSign, compactVerify } from 'jose';
import { mayHaveSigned } from '../domain/signing-key.ts';
import type { Clock } from '../ports/clock.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { PublicKey, Signer } from '../ports/signer.ts';
import type { KeyRing, LoadedKey } from './key-ring.ts';
import { signingAlgorithms } from './key-ring.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function claimsOf(payload: Uint8Array): Readonly<Record<string, unknown>> | null {
  const claims: unknown = JSON.parse(decoder.decode(payload));
  return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as Record<string, unknown>) : null;
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The header is the same for every token of a type under one key. */
const encodedHeaders = new WeakMap<KeyObject, Map<string, string>>();

function encodedHeader(header: { readonly typ: string }, key: KeyObject): string {
  const known = encodedHeaders.get(key) ?? new Map<string, string>();
  const text = known.get(header.typ) ?? encoded(header);
  encodedHeaders.set(key, known.set(header.typ, text));
  return text;
}

/** An ES256 signature takes less time than handing it to another thread, which is where the library would make it. RFC 7515 §5.1, RFC 7518 §3.4. */
function signHere(header: { readonly typ: string }, claims: unknown, key: KeyObject): string {
  const input = `${encodedHeader(header, key)}.${encoded(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** Signs and verifies with the keys of a ring. */
export function openSigner(ring: KeyRing, clock: Clock): Signer {
  /** A key that is published but does not sign yet has signed nothing. */
  function verifyingKey({ kid, alg }: JWSHeaderParameters): LoadedKey['publicKey'] {
    const entry = ring.published().find(({ key }) => key.id === kid && key.alg === alg && mayHaveSigned(key, clock.now()));
    if (entry === undefined) throw new Error('no such key');
    return entry.publicKey;
  }

  return {
    publicKeys: () => ring.published().map((entry) => entry.key.publicKey as PublicKey),
    sign: async (typ, claims) => {
      const current = ring.current();
      if (current === null) throw new StoreUnavailable('there is no signing key');
      const header = { alg: current.key.alg, kid: current.key.id, typ };
      if (header.alg === 'ES256') return signHere(header, claims, current.privateKey);
      return new CompactSign(encoder.encode(JSON.stringify(claims))).setProtectedHeader(header).sign(current.privateKey);
    },
    verify: async (typ, token) => {
      try {
        const { payload, protectedHeader } = await compactVerify(token, verifyingKey, { algorithms: [...signingAlgorithms] });
        return protectedHeader.typ === typ ? claimsOf(payload) : null;
      } catch {
        return null;
      }
    },
  };
}

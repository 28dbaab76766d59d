import type { CryptoKey, JWK, JWTHeaderParameters } from 'jose';
import { CompactSign, compactVerify, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { SigningKey } from '../domain/signing-key.ts';
import { currentKey, dueKey, publishedKeys, rotationPolicy } from '../domain/signing-key.ts';
import type { Clock } from '../ports/clock.ts';
import { StoreUnavailable } from '../ports/document-engine.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { PublicKey, Signer } from '../ports/signer.ts';
import type { SigningKeys } from '../ports/signing-keys.ts';

export const signingAlgorithms = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

const sealedFor = 'signing_key';
const encoder = new TextEncoder();

interface KeyDependencies {
  readonly keys: SigningKeys;
  readonly sealing: Sealing;
  readonly clock: Clock;
  readonly algorithm: SigningAlgorithm;
}

async function makeKey({ sealing, algorithm }: KeyDependencies, due: { number: number; activeFrom: number }): Promise<SigningKey> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const kid = `key-${due.number}`;
  const publicKey = { ...(await exportJWK(pair.publicKey)), kid, alg: algorithm, use: 'sig' };
  const sealed = sealing.seal(sealedFor, JSON.stringify(await exportJWK(pair.privateKey)));
  return { id: kid, number: due.number, alg: algorithm, publicKey, sealed, activeFrom: due.activeFrom };
}

interface LoadedKey {
  readonly key: SigningKey;
  readonly privateKey: CryptoKey | Uint8Array;
  readonly verifyingKey: CryptoKey | Uint8Array;
}

async function loadKey(key: SigningKey, sealing: Sealing): Promise<LoadedKey> {
  const plain = sealing.open(sealedFor, key.sealed);
  if (plain === null) throw new Error(`${key.id} was sealed under another installation key: start with the key this store was made with`);
  return {
    key,
    privateKey: await importJWK(JSON.parse(plain) as JWK, key.alg),
    verifyingKey: await importJWK(key.publicKey as JWK, key.alg),
  };
}

/** A signer whose keys live in the store; `tend` makes the next key when it is due and takes up keys made elsewhere. */
export async function openSigner(dependencies: KeyDependencies): Promise<Signer & { tend(): Promise<void> }> {
  const { keys, sealing, clock } = dependencies;
  let loaded: LoadedKey[] = [];

  async function tend(): Promise<void> {
    let stored = await keys.all();
    const due = dueKey(stored, clock.now(), rotationPolicy);
    if (due !== null) {
      await keys.add(await makeKey(dependencies, due));
      stored = await keys.all();
    }
    const published = publishedKeys(stored, clock.now(), rotationPolicy);
    loaded = await Promise.all(published.map((key) => loaded.find((known) => known.key.id === key.id) ?? loadKey(key, sealing)));
  }
  await tend();

  const published = () => {
    const valid = new Set(publishedKeys(loaded.map((entry) => entry.key), clock.now(), rotationPolicy));
    return loaded.filter((entry) => valid.has(entry.key));
  };

  return {
    tend,
    publicKeys: () => published().map((entry) => entry.key.publicKey as PublicKey),
    sign: async (typ, claims) => {
      const current = currentKey(loaded.map((entry) => entry.key), clock.now());
      const entry = loaded.find((candidate) => candidate.key === current);
      if (entry === undefined) throw new StoreUnavailable('there is no signing key');
      const header: JWTHeaderParameters = { alg: entry.key.alg, kid: entry.key.id, typ };
      return new CompactSign(encoder.encode(JSON.stringify(claims))).setProtectedHeader(header).sign(entry.privateKey);
    },
    verify: async (typ, token) => {
      try {
        const { payload, protectedHeader } = await compactVerify(
          token,
          (header) => {
            const entry = published().find((candidate) => candidate.key.id === header.kid && candidate.key.alg === header.alg);
            // A key that is published but does not sign yet has signed nothing.
            if (entry === undefined || entry.key.activeFrom > clock.now()) throw new Error('no such key');
            return entry.verifyingKey;
          },
          { algorithms: [...signingAlgorithms] },
        );
        if (protectedHeader.typ !== typ) return null;
        const claims: unknown = JSON.parse(new TextDecoder().decode(payload));
        return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as Record<string, unknown>) : null;
      } catch {
        return null;
      }
    },
  };
}

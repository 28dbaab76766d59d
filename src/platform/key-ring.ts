import { createPrivateKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import type { CryptoKey, JWK } from 'jose';
import { exportJWK, generateKeyPair, importJWK } from 'jose';
import type { SigningKey } from '../domain/signing-key.ts';
import { currentKey, dueKey, publishedKeys, rotationPolicy } from '../domain/signing-key.ts';
import type { Clock } from '../ports/clock.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { SigningKeys } from '../ports/signing-keys.ts';

export const signingAlgorithms = ['ES256', 'RS256'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

const sealedFor = 'signing_key';

export interface KeyDependencies {
  readonly keys: SigningKeys;
  readonly sealing: Sealing;
  readonly clock: Clock;
  readonly algorithm: SigningAlgorithm;
}

/** A stored key with its halves imported once. */
export interface LoadedKey {
  readonly key: SigningKey;
  readonly privateKey: KeyObject;
  readonly publicKey: CryptoKey | Uint8Array;
}

async function makeKey({ sealing, algorithm }: KeyDependencies, due: { number: number; activeFrom: number }): Promise<SigningKey> {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  const kid = `key-${due.number}`;
  const publicKey = { ...(await exportJWK(pair.publicKey)), kid, alg: algorithm, use: 'sig' };
  const sealed = sealing.seal(sealedFor, JSON.stringify(await exportJWK(pair.privateKey)));
  return { id: kid, number: due.number, alg: algorithm, publicKey, sealed, activeFrom: due.activeFrom };
}

async function loadKey(key: SigningKey, sealing: Sealing): Promise<LoadedKey> {
  const plain = sealing.open(sealedFor, key.sealed);
  if (plain === null) {
    throw new Error(`${key.id} was sealed under another installation key: start with the key this store was made with`);
  }
  const privateKey = createPrivateKey({ key: JSON.parse(plain) as JsonWebKey, format: 'jwk' });
  return { key, privateKey, publicKey: await importJWK(key.publicKey as JWK, key.alg) };
}

/** The keys of the store that matter now. */
export interface KeyRing {
  /** Next, current and retiring. */
  published(): readonly LoadedKey[];
  current(): LoadedKey | null;
  /** Makes the next key when it is due and takes up keys made elsewhere. */
  tend(): Promise<void>;
}

export async function openKeyRing(dependencies: KeyDependencies): Promise<KeyRing> {
  const { keys, sealing, clock, algorithm } = dependencies;
  let loaded: readonly LoadedKey[] = [];
  const stored = () => loaded.map((entry) => entry.key);

  async function load(key: SigningKey): Promise<LoadedKey> {
    return loaded.find((known) => known.key.id === key.id) ?? loadKey(key, sealing);
  }

  async function tend(): Promise<void> {
    const due = dueKey(await keys.all(), clock.now(), { ...rotationPolicy, alg: algorithm });
    if (due !== null) await keys.add(await makeKey(dependencies, due));
    const published = publishedKeys(await keys.all(), clock.now(), rotationPolicy);
    loaded = await Promise.all(published.map(load));
  }
  await tend();

  return {
    tend,
    published: () => {
      const valid = publishedKeys(stored(), clock.now(), rotationPolicy);
      return loaded.filter((entry) => valid.includes(entry.key));
    },
    current: () => {
      const current = currentKey(stored(), clock.now());
      return loaded.find((entry) => entry.key === current) ?? null;
    },
  };
}

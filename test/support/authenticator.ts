/** A device that makes and uses passkeys in software, by what the specifications say and without any library; it can be told to misbehave. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

type Encodable = number | string | Uint8Array | ReadonlyMap<number | string, Encodable>;

function head(major: number, count: number): Buffer {
  if (count < 24) return Buffer.from([(major << 5) | count]);
  if (count < 256) return Buffer.from([(major << 5) | 24, count]);
  const long = Buffer.from([(major << 5) | 25, 0, 0]);
  long.writeUInt16BE(count, 1);
  return long;
}

/** RFC 8949 §3, as much as is needed. */
export function cbor(value: Encodable): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([name, each]) => [cbor(name), cbor(each)])]);
}

export type Algorithm = 'ES256' | 'RS256' | 'EdDSA';

const bytes = (text = ''): Buffer => Buffer.from(text, 'base64url');
const word = (value: Uint8Array): string => Buffer.from(value).toString('base64url');
const hash = (value: string | Uint8Array): Buffer => createHash('sha256').update(value).digest();

/** RFC 9052 §7, RFC 9053 §7, RFC 8230 §4. */
function coseKey(algorithm: Algorithm, key: KeyObject): Map<number, Encodable> {
  const { x, y, n, e } = key.export({ format: 'jwk' });
  if (algorithm === 'ES256') return new Map<number, Encodable>([[1, 2], [3, -7], [-1, 1], [-2, bytes(x)], [-3, bytes(y)]]); // prettier-ignore
  if (algorithm === 'RS256') return new Map<number, Encodable>([[1, 3], [3, -257], [-1, bytes(n)], [-2, bytes(e)]]); // prettier-ignore
  return new Map<number, Encodable>([[1, 1], [3, -8], [-1, 6], [-2, bytes(x)]]); // prettier-ignore
}

const pairOf = (algorithm: Algorithm) => {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return algorithm === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
};

/** What a browser is given; only what is used here. */
export interface Asked {
  readonly challenge: string;
  readonly rp?: { readonly id: string };
  readonly rpId?: string;
  readonly user?: { readonly id: string; readonly name: string };
  readonly excludeCredentials?: readonly { readonly id: string }[];
  readonly allowCredentials?: readonly { readonly id: string }[];
  readonly [name: string]: unknown;
}

/** What is not as it should be. */
export interface Misbehaviour {
  readonly origin?: string;
  readonly crossOrigin?: boolean;
  readonly rpId?: string;
  readonly isVerified?: boolean;
  readonly isPresent?: boolean;
  readonly challenge?: string;
  readonly type?: string;
  readonly counter?: number;
  readonly userHandle?: string;
  readonly algorithm?: Algorithm;
  /** Says the passkey of another device. */
  readonly id?: string;
  /** Another format of statement, with this in it. */
  readonly statement?: readonly [string, ReadonlyMap<string, Encodable>];
  readonly isForged?: boolean;
}

interface Held {
  readonly id: string;
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
  readonly userHandle: string;
}

export class Authenticator {
  readonly #origin: string;
  readonly #counts: boolean;
  #held: Held | null = null;
  #counter = 0;

  /** `counts`: as a security key does, and synced passkeys do not. */
  constructor(origin: string, { counts = false } = {}) {
    this.#origin = origin;
    this.#counts = counts;
  }

  get id(): string {
    return this.#held?.id ?? '';
  }

  #clientData(type: string, asked: Asked, wrong: Misbehaviour): Buffer {
    const { challenge = asked.challenge, origin = this.#origin, crossOrigin = false } = wrong;
    return Buffer.from(JSON.stringify({ type: wrong.type ?? type, challenge, origin, crossOrigin }));
  }

  /** WebAuthn Level 3 §6.1. */
  #data(rpId: string, wrong: Misbehaviour, attested: Uint8Array = Buffer.alloc(0)): Buffer {
    this.#counter += this.#counts ? 1 : 0;
    const flags = (wrong.isPresent === false ? 0 : 1) | (wrong.isVerified === false ? 0 : 4) | (attested.length > 0 ? 64 : 0);
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(wrong.counter ?? this.#counter);
    return Buffer.concat([hash(wrong.rpId ?? rpId), Buffer.from([flags]), counter, attested]);
  }

  /** `navigator.credentials.create`. */
  create(asked: Asked, wrong: Misbehaviour = {}) {
    const { algorithm = 'ES256' } = wrong;
    const pair = pairOf(algorithm);
    const id = randomBytes(20);
    this.#held = { id: word(id), algorithm, key: pair.privateKey, userHandle: asked.user?.id ?? '' };
    const length = Buffer.from([0, id.length]);
    const attested = Buffer.concat([Buffer.alloc(16), length, id, cbor(coseKey(algorithm, pair.publicKey))]);
    const [fmt, attStmt] = wrong.statement ?? ['none', new Map<string, Encodable>()];
    const authData = this.#data(asked.rp?.id ?? '', wrong, attested);
    const attestation = new Map<string, Encodable>([['fmt', fmt], ['attStmt', attStmt], ['authData', authData]]); // prettier-ignore
    const clientDataJSON = word(this.#clientData('webauthn.create', asked, wrong));
    const said = wrong.id ?? word(id);
    const response = { clientDataJSON, attestationObject: word(cbor(attestation)), transports: ['internal', 'hybrid', 'odd'] };
    return { id: said, rawId: said, type: 'public-key' as const, response };
  }

  /** `navigator.credentials.get`. */
  get(asked: Asked, wrong: Misbehaviour = {}) {
    if (this.#held === null) throw new Error('this device has no passkey');
    const { id, key, algorithm, userHandle } = this.#held;
    const clientData = this.#clientData('webauthn.get', asked, wrong);
    const authenticatorData = this.#data(asked.rpId ?? '', wrong);
    const signed = Buffer.concat([authenticatorData, hash(clientData)]);
    const signature = sign(algorithm === 'EdDSA' ? null : 'sha256', signed, key);
    if (wrong.isForged === true) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
    const response = {
      clientDataJSON: word(clientData),
      authenticatorData: word(authenticatorData),
      signature: word(signature),
      userHandle: wrong.userHandle ?? userHandle,
    };
    const said = wrong.id ?? id;
    return { id: said, rawId: said, type: 'public-key' as const, response };
  }
}

/** What the page asks the browser for, as our script reads it. */
export function passkeyAsked(body: string): { does: string; options: Asked } {
  const [, does = '', options = ''] = /data-passkey="(create|get)" data-options="([^"]*)"/.exec(body) ?? [];
  const entities: Record<string, string> = { quot: '"', amp: '&', lt: '<', gt: '>', '#39': "'" };
  const text = options.replace(/&([a-z#0-9]+);/g, (_, name: string) => entities[name] ?? '');
  return { does, options: JSON.parse(text === '' ? '{}' : text) as Asked };
}

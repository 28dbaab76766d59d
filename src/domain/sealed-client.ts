import { z } from 'zod';
import type { Client } from './client.ts';
import { ClientMetadata } from './client.ts';
import { sameText } from './digest.ts';
import { Secret } from './secret.ts';

/** Makes the MAC of a word under a key kept for `purpose`; 43 base64url characters. */
export type Mac = (purpose: string, value: string) => string;

const prefix = 'dyn_';
const Sealed = z.object({ metadata: ClientMetadata, nonce: z.string().optional() });

/**
 * The identifier of a dynamically registered client: its own metadata and a MAC over it, so nothing is stored and the same
 * registration gets the same identifier. A client with a secret adds a nonce, so that a secret is never given out twice.
 */
export function sealClient(metadata: ClientMetadata, nonce: string | null, mac: Mac): string {
  const payload = Buffer.from(JSON.stringify({ metadata, ...(nonce === null ? {} : { nonce }) })).toString('base64url');
  return `${prefix}${payload}.${mac('client_id', payload).slice(0, 22)}`;
}

/** The client sealed in an identifier; null when the identifier is not one that this installation made. */
export function unsealClient(client_id: string, mac: Mac): Client | null {
  const parts = /^dyn_([A-Za-z0-9_-]{1,3950})\.([A-Za-z0-9_-]{22})$/.exec(client_id);
  const [payload, tag] = [parts?.[1], parts?.[2]];
  if (payload === undefined || tag === undefined || !sameText(mac('client_id', payload).slice(0, 22), tag)) return null;
  const { metadata } = Sealed.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  return { client_id, metadata, verifiedHost: null, origin: 'self-registered', secretDigest: null };
}

/** The secret of a self-registered confidential client, derived from its identifier and therefore stored nowhere. */
export function derivedClientSecret(client_id: string, mac: Mac): Secret<'client_secret'> {
  return new Secret(`dbs_${mac('client_secret', client_id)}`);
}

import type { ClientMetadata } from '../domain/client.ts';
import { admitClient } from '../domain/client.ts';
import type { Directory } from '../domain/directory.ts';
import { RegistrationRefusal } from '../domain/oauth-error.ts';
import { derivedClientSecret, sealClient } from '../domain/sealed-client.ts';
import type { Secret } from '../domain/secret.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Sealing } from '../ports/sealing.ts';

/** RFC 7591 §3.2.1. */
export interface Registration {
  readonly client_id: string;
  /** Seconds since the epoch. */
  readonly client_id_issued_at: number;
  readonly client_secret: Secret<'client_secret'> | null;
  readonly metadata: ClientMetadata;
}

/** Long enough for every known client and short enough to travel in a URL. */
const longestIdentifier = 3900;

/** Registers a client without writing anything: the identifier carries the registration. RFC 7591 §3. */
export const registerClient =
  ({ directory, sealing, clock, entropy }: { directory: Directory; sealing: Sealing; clock: Clock; entropy: Entropy }) =>
  (submitted: unknown): Registration => {
    const metadata = admitClient(
      submitted,
      directory.resources.map((resource) => resource.redirects),
    );
    const confidential = metadata.token_endpoint_auth_method !== 'none';
    const client_id = sealClient(metadata, confidential ? entropy.id() : null, sealing.mac);
    if (client_id.length > longestIdentifier) throw new RegistrationRefusal('invalid_client_metadata', 'the registration is too long');
    return {
      client_id,
      client_id_issued_at: Math.floor(clock.now() / 1000),
      client_secret: confidential ? derivedClientSecret(client_id, sealing.mac) : null,
      metadata,
    };
  };

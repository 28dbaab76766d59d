import { isMetadataDocumentUrl } from '../../domain/client-metadata-document.ts';
import { sameText, secretDigest } from '../../domain/digest.ts';
import type { Client } from '../../domain/client.ts';
import type { Directory } from '../../domain/directory.ts';
import { TokenRefusal } from '../../domain/oauth-error.ts';
import { derivedClientSecret, unsealClient } from '../../domain/sealed-client.ts';
import type { Secret } from '../../domain/secret.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { SeenClients } from '../../ports/seen-clients.ts';

export interface ClientCredentials {
  readonly client_id: string | null;
  readonly client_secret: Secret<'client_secret'> | null;
  /** From the Authorization header. RFC 6749 §2.3.1. */
  readonly basic: { readonly client_id: string; readonly client_secret: Secret<'client_secret'> } | null;
}

export interface AuthenticatedClient {
  readonly client_id: string;
  readonly grant_types: readonly string[];
}

export interface AuthenticateDependencies {
  readonly directory: Directory;
  readonly sealing: Sealing;
  readonly seenClients: SeenClients;
}

type Expectation = { readonly grant_types: readonly string[]; readonly secretDigest: string | null };

/** How many self-registered clients are remembered. */
const mostRemembered = 1000;

/** `unsealClient`, remembering what proved to be ours: an identifier never changes its meaning, and a client shows the same one at every refresh. */
function rememberingUnseal({ sealing }: AuthenticateDependencies): (client_id: string) => Client | null {
  const known = new Map<string, Client>();
  return (client_id) => {
    const remembered = known.get(client_id);
    if (remembered !== undefined) return remembered;
    const client = unsealClient(client_id, sealing.mac);
    if (client === null) return null;
    if (known.size >= mostRemembered) known.clear();
    known.set(client_id, client);
    return client;
  };
}

/** What the client has to show; a document client is public and bound by its code and grant, so its document is not fetched again here. */
function expectation(
  { directory, sealing }: AuthenticateDependencies,
  unseal: (client_id: string) => Client | null,
  client_id: string,
): Expectation | null {
  const client = directory.clients.find((entry) => entry.client_id === client_id) ?? unseal(client_id);
  if (client === null) {
    const document = isMetadataDocumentUrl(client_id, { loopback: directory.issuer.startsWith('http://') });
    return document ? { grant_types: ['authorization_code', 'refresh_token'], secretDigest: null } : null;
  }
  const { grant_types } = client.metadata;
  if (client.metadata.token_endpoint_auth_method === 'none') return { grant_types, secretDigest: null };
  return { grant_types, secretDigest: client.secretDigest ?? secretDigest(derivedClientSecret(client_id, sealing.mac)) };
}

/** Proves which client is asking, by the one way it registered. RFC 6749 §2.3, §3.2.1. */
export const authenticateClient = (dependencies: AuthenticateDependencies) => {
  const unseal = rememberingUnseal(dependencies);
  return async ({ client_id: named, client_secret, basic }: ClientCredentials): Promise<AuthenticatedClient> => {
    const challenge = basic !== null;
    // RFC 6749 §2.3: no more than one method in a request.
    if (basic !== null && client_secret !== null) throw new TokenRefusal('invalid_request', 'two ways of client authentication');
    if (basic !== null && named !== null && named !== basic.client_id)
      throw new TokenRefusal('invalid_request', 'client_id differs from Basic');
    const client_id = basic?.client_id ?? named;
    if (client_id === null) throw new TokenRefusal('invalid_client', 'no client_id', { challenge });
    const expected = expectation(dependencies, unseal, client_id);
    if (expected === null) throw new TokenRefusal('invalid_client', 'unknown client_id', { challenge });
    const shown = basic?.client_secret ?? client_secret;
    const { secretDigest: digest } = expected;
    const proven = digest === null ? shown === null : shown !== null && sameText(secretDigest(shown), digest);
    if (!proven) throw new TokenRefusal('invalid_client', 'client authentication failed', { challenge });
    const seen = await dependencies.seenClients.get(client_id);
    if (seen?.status === 'withdrawn') throw new TokenRefusal('invalid_client', 'client was withdrawn', { challenge });
    return { client_id, grant_types: expected.grant_types };
  };
};

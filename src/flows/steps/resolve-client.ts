import type { Client } from '../../domain/client.ts';
import { clientFromDocument, isMetadataDocumentUrl } from '../../domain/client-metadata-document.ts';
import type { Directory } from '../../domain/directory.ts';
import { isRegistrableRedirectUri } from '../../domain/redirect-uri.ts';
import { unsealClient } from '../../domain/sealed-client.ts';
import type { DocumentFetcher } from '../../ports/document-fetcher.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { SeenClients } from '../../ports/seen-clients.ts';

export interface ResolveDependencies {
  readonly directory: Directory;
  readonly sealing: Sealing;
  readonly seenClients: SeenClients;
  readonly documents: DocumentFetcher;
}

/** `withdrawn`: an administrator took it back. `unknown`: not ours, forged, or its document could not be had. */
export type ClientAnswer =
  | { readonly answer: 'known'; readonly client: Client }
  | { readonly answer: 'withdrawn' }
  | { readonly answer: 'unknown'; readonly reason: string };

const onLoopback = (directory: Directory) => directory.issuer.startsWith('http://');

async function describe(dependencies: ResolveDependencies, client_id: string): Promise<Client | string> {
  const { directory, sealing, documents } = dependencies;
  const configured = directory.clients.find((client) => client.client_id === client_id);
  if (configured !== undefined) return configured;
  const sealed = directory.registration.dynamic ? unsealClient(client_id, sealing.mac) : null;
  if (sealed !== null) return sealed;
  if (!directory.registration.documents) return 'client_id is not known here';
  if (!isMetadataDocumentUrl(client_id, { loopback: onLoopback(directory) }))
    return 'client_id is neither configured, sealed by us nor a document URL';
  const fetched = await documents.fetchDocument(client_id);
  if (fetched.status === 'refused') return `metadata document: ${fetched.reason}`;
  const read = clientFromDocument(client_id, fetched.json, isRegistrableRedirectUri);
  return 'reason' in read ? `metadata document: ${read.reason}` : read.client;
}

/** Who a client_id names, one answer for configured, self-registered and document clients. */
export const resolveClient =
  (dependencies: ResolveDependencies) =>
  async (client_id: string): Promise<ClientAnswer> => {
    const client = await describe(dependencies, client_id);
    if (typeof client === 'string') return { answer: 'unknown', reason: client };
    const seen = await dependencies.seenClients.get(client_id);
    return seen?.status === 'withdrawn' ? { answer: 'withdrawn' } : { answer: 'known', client };
  };

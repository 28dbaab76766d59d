import { authorizationServerMetadata, endpointPaths, metadataPaths } from '../../domain/metadata.ts';
import type { PublicKey, Signer } from '../../ports/signer.ts';
import type { HttpDependencies } from '../context.ts';
import type { ExactRoute, Exchange } from '../exchange.ts';
import { send, sendJson } from '../exchange.ts';
import { crossOrigin, safeFields } from '../headers.ts';

/** Short, so that a change of keys or endpoints gets about. RFC 9728 §7.10 says why. */
const cached = 'public, max-age=300';

/** The keys that our signatures are verified with, as bytes made anew only when they change. RFC 7517 §5. */
function keySet(signer: Signer): () => Buffer {
  let keys: readonly PublicKey[] = [];
  let bytes = Buffer.from(JSON.stringify({ keys }));
  return () => {
    const now = signer.publicKeys();
    if (now.length !== keys.length || now.some((key, index) => key !== keys[index])) {
      keys = now;
      bytes = Buffer.from(JSON.stringify({ keys }));
    }
    return bytes;
  };
}

const methods = 'GET, HEAD, OPTIONS';
const byGet = { error: 'invalid_request', error_description: 'Read this with GET.' };

/** Sends a document to whoever asks, from whatever web page. */
function publisher(secure: boolean): (exchange: Exchange, document: Buffer) => void {
  const cors = crossOrigin(methods);
  const [fresh, uncached] = [safeFields(secure, cached), safeFields(secure)];
  const fields = [...fresh, ...cors.answer, 'Content-Type', 'application/json; charset=utf-8'];
  return (exchange, document) => {
    const { method } = exchange.req;
    if (method === 'GET' || method === 'HEAD') return send(exchange, 200, fields, document);
    if (method === 'OPTIONS') return send(exchange, 204, [...uncached, ...cors.preflight]);
    return sendJson(exchange, 405, [...uncached, ...cors.answer, 'Allow', methods], byGet);
  };
}

/**
 * What everybody may read, asked for often and by its exact path: the metadata in every well-known form, the same bytes in each, and the
 * keys. RFC 8414 §3.
 */
export function publishedDocuments({ directory, signer }: HttpDependencies & { readonly signer: Signer }): ExactRoute[] {
  const metadata = Buffer.from(JSON.stringify(authorizationServerMetadata(directory)));
  const keys = keySet(signer);
  const publish = publisher(directory.issuer.startsWith('https:'));
  return [
    ...metadataPaths(directory.issuer).map((path): ExactRoute => [path, (exchange) => publish(exchange, metadata)]),
    [endpointPaths.jwks_uri, (exchange) => publish(exchange, keys())],
  ];
}

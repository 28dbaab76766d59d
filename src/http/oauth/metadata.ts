import type { Context } from 'koa';
import { authorizationServerMetadata, endpointPaths, metadataPaths } from '../../domain/metadata.ts';
import type { PublicKey, Signer } from '../../ports/signer.ts';
import type { HttpDependencies } from '../context.ts';
import type { ExactRoute } from '../endpoint.ts';
import { allowCrossOrigin } from '../headers.ts';

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

function send(ctx: Context, body: Buffer): void {
  allowCrossOrigin(ctx, 'GET, HEAD, OPTIONS');
  if (ctx.method === 'OPTIONS') return;
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
    ctx.status = 405;
    ctx.set('Allow', 'GET, HEAD, OPTIONS');
    ctx.body = { error: 'invalid_request', error_description: 'Read this with GET.' };
    return;
  }
  ctx.respond = false;
  const headers = { 'Cache-Control': cached, 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': body.length };
  ctx.res.writeHead(200, headers).end(ctx.method === 'HEAD' ? undefined : body);
}

/**
 * What everybody may read, asked for often and by its exact path: the metadata in every well-known form, the same bytes in each, and the
 * keys. RFC 8414 §3.
 */
export function publishedDocuments({ directory, signer }: HttpDependencies & { readonly signer: Signer }): ExactRoute[] {
  const metadata = Buffer.from(JSON.stringify(authorizationServerMetadata(directory)));
  const keys = keySet(signer);
  return [
    ...metadataPaths(directory.issuer).map((path): ExactRoute => [path, (ctx) => send(ctx, metadata)]),
    [endpointPaths.jwks_uri, (ctx) => send(ctx, keys())],
  ];
}

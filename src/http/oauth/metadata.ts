import type Router from '@koa/router';
import { authorizationServerMetadata, endpointPaths, metadataPaths } from '../../domain/metadata.ts';
import type { Signer } from '../../ports/signer.ts';
import type { HttpDependencies } from '../context.ts';
import type { Route } from '../endpoint.ts';
import { allowCrossOrigin } from '../headers.ts';

/** Short, so that a change of keys or endpoints gets about. RFC 9728 §7.10 says why. */
const cached = 'public, max-age=300';

function publish(router: Router, path: string, body: () => Buffer | string): void {
  router.all(path, (ctx) => {
    allowCrossOrigin(ctx, 'GET, HEAD, OPTIONS');
    if (ctx.method === 'OPTIONS') return;
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      ctx.status = 405;
      ctx.set('Allow', 'GET, HEAD, OPTIONS');
      ctx.body = { error: 'invalid_request', error_description: 'Read this with GET.' };
      return;
    }
    ctx.set('Cache-Control', cached);
    ctx.type = 'application/json';
    ctx.body = body();
  });
}

/** The metadata document in every well-known form, the same bytes in each. RFC 8414 §3. */
export const metadataRoutes =
  ({ directory }: HttpDependencies): Route =>
  (router) => {
    const bytes = Buffer.from(JSON.stringify(authorizationServerMetadata(directory)));
    for (const path of metadataPaths(directory.issuer)) publish(router, path, () => bytes);
  };

/** The keys that our signatures are verified with. RFC 7517 §5. */
export const jwksRoute =
  (signer: Signer): Route =>
  (router) => {
    publish(router, endpointPaths.jwks_uri, () => JSON.stringify({ keys: signer.publicKeys() }));
  };

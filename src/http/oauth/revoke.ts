import type { Context } from 'koa';
import { z } from 'zod';
import { endpointPaths } from '../../domain/metadata.ts';
import { TokenRefusal } from '../../domain/oauth-error.ts';
import { readForm } from '../body.ts';
import type { HttpDependencies } from '../context.ts';
import type { ExactRoute } from '../endpoint.ts';
import { endpoint } from '../endpoint.ts';
import { readClientCredentials } from './client-credentials.ts';
import { countGuesses, onlyPost } from './only-post.ts';
import { onlyOnce } from './token.ts';

/** RFC 7009 §2.1. A wrong or unknown hint is no reason not to find the token. */
export const RevocationRequest = z.object({
  token: z.string().optional(),
  token_type_hint: z.string().optional(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
  client_assertion: z.string().optional(),
});

const contract = {
  method: 'post',
  path: endpointPaths.revocation_endpoint,
  summary: 'End the grant behind a token',
  input: RevocationRequest,
  output: z.object({}),
} as const;

/** RFC 7009 §2: 200 whether or not there was anything to revoke. */
export const revokeRoute = (dependencies: HttpDependencies): ExactRoute => {
  const { flows, limits } = dependencies;
  const read = async (ctx: Context) => ({ ...onlyOnce(await readForm(ctx, { json: true })) });
  const serve = endpoint(contract)(read, async (asked, ctx) => {
    const client = await flows.authenticateClient(readClientCredentials(ctx, asked));
    if (asked.token === undefined) throw new TokenRefusal('invalid_request', 'no token');
    await flows.revokeToken(client, asked.token);
    return {};
  });
  return onlyPost(contract.path, serve, dependencies, countGuesses(limits));
};

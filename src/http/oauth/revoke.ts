import { z } from 'zod';
import { endpointPaths } from '../../domain/metadata.ts';
import { TokenRefusal } from '../../domain/oauth-error.ts';
import { readForm } from '../body.ts';
import type { HttpDependencies } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import type { ExactRoute, Exchange } from '../exchange.ts';
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
  const read = async (exchange: Exchange) => ({ ...onlyOnce(await readForm(exchange, { json: true })) });
  const serve = endpoint(contract)(read, async (asked, exchange) => {
    const client = await flows.authenticateClient(readClientCredentials(exchange, asked));
    if (asked.token === undefined) throw new TokenRefusal('invalid_request', 'no token');
    await flows.revokeToken(client, asked.token);
    return {};
  });
  const answer = async (exchange: Exchange) => ({ status: 200, body: await serve(exchange) }) as const;
  return onlyPost(contract.path, answer, dependencies, countGuesses(limits));
};

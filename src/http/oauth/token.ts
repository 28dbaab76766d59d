import { z } from 'zod';
import { TokenRefusal } from '../../domain/oauth-error.ts';
import { endpointPaths } from '../../domain/metadata.ts';
import type { IssuedTokens } from '../../flows/steps/issue-tokens.ts';
import type { Parameters } from '../body.ts';
import { readForm } from '../body.ts';
import type { HttpDependencies } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import type { ExactRoute, Exchange } from '../exchange.ts';
import { readClientCredentials } from './client-credentials.ts';
import { countGuesses, onlyPost } from './only-post.ts';

/** RFC 6749 §4.1.3 and §6, RFC 7636 §4.5, RFC 8707 §2.2: what a token request may say. Unknown parameters are ignored. */
export const TokenRequest = z.object({
  grant_type: z.string().optional().describe('RFC 6749 §4.1.3'),
  code: z.string().optional().describe('RFC 6749 §4.1.3'),
  code_verifier: z.string().optional().describe('RFC 7636 §4.5'),
  redirect_uri: z.string().optional().describe('RFC 6749 §4.1.3'),
  refresh_token: z.string().optional().describe('RFC 6749 §6'),
  scope: z.string().optional().describe('RFC 6749 §6'),
  resource: z.string().optional().describe('RFC 8707 §2.2'),
  client_id: z.string().optional().describe('RFC 6749 §2.3.1'),
  client_secret: z.string().optional().describe('RFC 6749 §2.3.1'),
  client_assertion: z.string().optional().describe('RFC 7521 §4.2'),
});

/** RFC 6749 §5.1. */
export const TokenResponse = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number(),
  scope: z.string(),
  refresh_token: z.string().optional(),
});

const contract = {
  method: 'post',
  path: endpointPaths.token_endpoint,
  summary: 'Exchange a code or a refresh token for tokens',
  input: TokenRequest,
  output: TokenResponse,
} as const;

/** A request's parameters, provided none came twice. RFC 6749 §3.2. */
export function onlyOnce({ values, repeated }: Parameters): Parameters['values'] {
  if (repeated.has('resource')) throw new TokenRefusal('invalid_target', 'more than one resource');
  if (repeated.size > 0) throw new TokenRefusal('invalid_request', 'a parameter came more than once');
  return values;
}

function wire({ access_token, token_type, expires_in, scope, refresh_token }: IssuedTokens): z.output<typeof TokenResponse> {
  return {
    access_token: access_token.reveal(),
    token_type,
    expires_in,
    scope,
    ...(refresh_token === null ? {} : { refresh_token: refresh_token.reveal() }),
  };
}

/** RFC 6749 §3.2. */
export const tokenRoute = (dependencies: HttpDependencies): ExactRoute => {
  const { flows, limits, clock } = dependencies;
  const read = async (exchange: Exchange) => ({ ...onlyOnce(await readForm(exchange, { json: true })) });
  const serve = endpoint(contract)(read, async (asked, exchange) => {
    const shownAt = clock.now();
    const missing = (name: string): never => {
      throw new TokenRefusal('invalid_request', `no ${name}`);
    };
    const { grant_type, resource = null, scope = null, redirect_uri = null } = asked;
    if (grant_type === undefined) missing('grant_type');
    if (grant_type !== 'authorization_code' && grant_type !== 'refresh_token') {
      throw new TokenRefusal('unsupported_grant_type', 'neither authorization_code nor refresh_token');
    }
    const client = await flows.authenticateClient(readClientCredentials(exchange, asked));
    if (!client.grant_types.includes(grant_type)) throw new TokenRefusal('unauthorized_client', `not registered for ${grant_type}`);
    if (grant_type === 'authorization_code') {
      const { code = missing('code'), code_verifier = missing('code_verifier') } = asked;
      return wire(await flows.exchangeCode({ client, code, code_verifier, redirect_uri, resource, shownAt }));
    }
    const { refresh_token = missing('refresh_token') } = asked;
    return wire(await flows.refreshTokens({ client, refresh_token, scope, resource }));
  });
  const answer = async (exchange: Exchange) => ({ status: 200, body: await serve(exchange) }) as const;
  return onlyPost(contract.path, answer, dependencies, countGuesses(limits));
};

import { z } from 'zod';
import { ClientMetadata } from '../../domain/client.ts';
import { endpointPaths } from '../../domain/metadata.ts';
import { readJsonBody } from '../body.ts';
import type { HttpDependencies } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import type { ExactRoute, Exchange } from '../exchange.ts';
import { onlyPost } from './only-post.ts';

/** RFC 7591 §3.2.1; members that were not registered are absent, never null. */
export const RegistrationResponse = ClientMetadata.extend({
  client_id: z.string(),
  client_id_issued_at: z.number(),
  client_secret: z.string().optional(),
  client_secret_expires_at: z.number().optional(),
});

const contract = {
  method: 'post',
  path: endpointPaths.registration_endpoint,
  summary: 'Register a client; the identifier carries the registration',
  input: z.unknown(),
  output: RegistrationResponse,
} as const;

const longestBody = 65_536;

/** RFC 7591 §3. */
export const registerRoute = (dependencies: HttpDependencies): ExactRoute => {
  const { flows, limits } = dependencies;
  const serve = endpoint(contract)(
    (exchange) => readJsonBody(exchange, longestBody),
    async (submitted) => {
      const { metadata, client_secret, ...registration } = flows.registerClient(submitted);
      const secret = client_secret === null ? {} : { client_secret: client_secret.reveal(), client_secret_expires_at: 0 };
      return Promise.resolve({ ...metadata, ...registration, ...secret });
    },
  );
  const threshold = { invalid: 'invalid_client_metadata', admit: limits.register } as const;
  const answer = async (exchange: Exchange) => ({ status: 201, body: await serve(exchange) }) as const;
  return onlyPost(contract.path, answer, dependencies, threshold);
};

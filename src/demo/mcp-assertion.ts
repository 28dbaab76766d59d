import { createRemoteJWKSet, jwtVerify } from 'jose';
import { z } from 'zod';

/** Who is calling, as the gateway vouches for it. */
const Claims = z.object({
  sub: z.string().min(1),
  name: z.string().nullish(),
  tenant: z.string().min(1),
  tenant_name: z.string().nullish(),
  roles: z.array(z.string()).default([]),
  client_id: z.string().nullish(),
  client_name: z.string().nullish(),
});

export type Caller = z.infer<typeof Claims>;

export const assertionHeader = 'Drawbridge-Assertion';

export interface AssertionRules {
  readonly gatewayJwksUrl: string;
  readonly audience: string;
  readonly issuer?: string | undefined;
}

/** All an MCP server needs to learn from the gateway who is calling. RFC 7519 §7.2 */
export function assertionReader({ gatewayJwksUrl, audience, issuer }: AssertionRules): (assertion: string) => Promise<Caller> {
  const keys = createRemoteJWKSet(new URL(gatewayJwksUrl), { cooldownDuration: 1000 });
  const rules = { audience, typ: 'drawbridge-assertion+jwt', algorithms: ['ES256'], requiredClaims: ['exp', 'iat', 'iss'] };
  return async (assertion) => Claims.parse((await jwtVerify(assertion, keys, issuer === undefined ? rules : { ...rules, issuer })).payload);
}

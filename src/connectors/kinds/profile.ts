import { z } from 'zod';
import { IssuerUrl, JsonPointer, ScopeToken, claimFields, phishingResistantFields, proofFields } from './fields.ts';
import { GroupLookup } from './group-lookup.ts';

/**
 * What a verified claim must say for the account to be one of those this connection is for. `text`: the claim is exactly one of the values.
 * `members`: it lists or names them, as Keycloak's organizations do, and one of them must be among the values.
 */
export const TenantGuard = z.strictObject({
  claim: JsonPointer,
  /** `any`: some text has to stand there. */
  allowed: z.union([z.literal('any'), z.array(z.union([z.string().min(1), z.number()])).min(1)]),
  shape: z.enum(['text', 'members']).default('text'),
  /** The claim may be missing; when it is there it has to fit. */
  optional: z.boolean().default(false),
});
export type TenantGuard = z.infer<typeof TenantGuard>;

const noProof = { acr: [], amr: [] };

/** How an OpenID provider differs from another: what the generic connector has to know, as data. Every kind of connection derives one. */
export const UpstreamProfile = z.strictObject({
  issuer: IssuerUrl.describe('OpenID Connect Discovery §4.3: exactly as in the discovery document'),
  issuerTemplate: z.string().nullable().default(null).describe('the issuer with {tenantid} in it, where one discovery serves many'),
  scopes: z.array(ScopeToken).default(['openid', 'email', 'profile']),
  claims: claimFields(null).prefault({}),
  userinfo: z.boolean().default(false).describe('OpenID Connect Core §5.3: also ask the userinfo endpoint for claims the ID token lacks'),
  groupLookup: GroupLookup.nullable().default(null).describe('where groups are asked for with the access token of the sign-in'),
  subject: z.array(JsonPointer).min(1).default(['/sub']).describe('the claims that name the person, joined by a colon'),
  guards: z.array(TenantGuard).default([]),
  emailTrust: z
    .enum(['unless-unverified', 'google', 'entra'])
    .default('unless-unverified')
    .describe('when an address is shown as the person’s'),
  parameters: z.record(z.string(), z.string()).default({}).describe('more for the authorization request'),
  offline: z
    .strictObject({
      scopes: z.array(ScopeToken).default([]),
      parameters: z.record(z.string(), z.string()).default({}),
      prompt: z.literal('consent').nullable().default(null),
    })
    .nullable()
    .default(null)
    .describe('what more is asked for when it is to give us a refresh token; null where nothing is known to bring one'),
  leavesOutLater: z.array(z.string().min(1)).default([]).describe('claims an ID token after a refresh may lack though they still hold'),
  hintWithSelection: z.boolean().default(true).describe('whether login_hint may stand beside prompt=select_account'),
  asksAuthTime: z.boolean().default(false).describe('whether auth_time has to be asked for by claims when a fresh login is wanted'),
  authTime: z.boolean().default(true).describe('whether its auth_time is when the person signed in; where it is not, nothing it says is'),
  assertionAudience: z.enum(['issuer', 'token_endpoint']).default('issuer').describe('RFC 7523 §3: whom our assertion is for'),
  mfa: z
    .strictObject({
      acr_values: z.array(z.string().regex(/^\S+$/)).default([]).describe('asked for when a second factor is demanded'),
      ...proofFields(noProof),
      phishingResistant: phishingResistantFields(noProof).transform((given) => given ?? { acr: [], amr: [] }),
    })
    .prefault({}),
  acrClaim: z.enum(['acr', 'acrs']).default('acr').describe('the claim whose values count as acr; acrs lists several'),
  asksBy: z
    .array(z.enum(['acr_values', 'acr', 'acrs', 'amr', 'auth_time']))
    .default(['acr_values', 'acr', 'amr'])
    .describe('how a second factor is asked for: by the parameter, or by essential claims of these names'),
});
export type UpstreamProfile = z.input<typeof UpstreamProfile>;

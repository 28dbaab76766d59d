import { z } from 'zod';
import { JsonPointer } from '../connectors/kinds/fields.ts';
import { SupabaseMethod } from '../connectors/kinds/supabase-methods.ts';
import { connectionFields, recheck } from './connection-fields.ts';
import { WebUrl, secret } from './fields.ts';

const claims = z.strictObject({
  tenant: JsonPointer.nullable()
    .default(null)
    .describe(
      'Where the project’s own tenant is in `app_metadata`. Groups are then called `tenant/role`, and the tenant alone is one too.',
    ),
  roles: JsonPointer.nullable()
    .default(null)
    .describe(
      'Where the groups are in `app_metadata`, such as `/roles`. What people can write themselves, `user_metadata`, is never read.',
    ),
});

/** One Supabase project whose people can sign in. */
export const SupabaseConnectionSchema = z.strictObject({
  type: z.literal('supabase').describe('Supabase Auth, spoken to directly.'),
  ...connectionFields,
  projectUrl: WebUrl.refine(
    (value) => !URL.canParse(value) || new URL(value).origin === value,
    'must be an origin, without a path',
  ).describe(
    'The project’s address, such as `https://ref.supabase.co`. Its redirect URLs must contain `{issuer}/callback/{id}/**`, or people land elsewhere.',
  ),
  publishableKey: secret('publishableKey', 'The project’s publishable (or `anon`) key; one that may do everything is refused.'),
  methods: z
    .array(SupabaseMethod)
    .min(1)
    .describe('The ways to sign in, all of them enabled in the project; `password` and `email_otp` are asked for on a page of ours.'),
  claims: claims.prefault({}).describe('Where things stand in `app_metadata`, as JSON pointers. RFC 6901.'),
  requireAal2: z
    .boolean()
    .default(false)
    .describe('Refuse whoever has no second factor at the project. Whoever has an authenticator app there is asked for its code anyway.'),
  recheck: recheck
    .optional()
    .describe(
      'Ask the project again whether a person is still there: who was banned or deleted loses their access, and roles follow what it says then. Their session there then stays open, and its refresh token is kept sealed; without this every session is signed out at once.',
    ),
  timeoutSeconds: z.number().positive().max(30).default(5).describe('How long one answer of the project is waited for.'),
});

/** What to do in the project, step by step. */
export const supabaseSetup = {
  title: 'Supabase Auth',
  setup: (redirect_uri: string): readonly string[] => [
    `Authentication, URL Configuration: add ${redirect_uri}/** to the redirect URLs, or people land at the site URL instead of here.`,
    'Authentication, Sign In / Providers: switch on every way to sign in that `methods` names.',
    'Project Settings, JWT Keys: sign with an asymmetric key (ES256 or RS256); a shared secret proves nothing to us.',
    'Project Settings, API Keys: the publishable key goes into `publishableKey_file`. A secret key is refused.',
    'Put what roles are given by into `app_metadata`; what people can write themselves is never read.',
  ],
};

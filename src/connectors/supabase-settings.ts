import { z } from 'zod';
import { ConnectionId } from '../domain/ids.ts';
import { Secret } from '../domain/secret.ts';
import { isLoopbackHttp } from './kinds/fields.ts';

/** What people know a social identity provider by, under the name GoTrue has for it. */
export const socialNames = {
  apple: 'Apple',
  azure: 'Microsoft',
  bitbucket: 'Bitbucket',
  discord: 'Discord',
  github: 'GitHub',
  gitlab: 'GitLab',
  google: 'Google',
  keycloak: 'Keycloak',
  linkedin_oidc: 'LinkedIn',
  slack_oidc: 'Slack',
  workos: 'WorkOS',
} as const;

const socialWays = Object.keys(socialNames) as (keyof typeof socialNames)[];

/** A way to sign in that the project has switched on. */
const Method = z.enum(['password', 'email_otp', ...socialWays]);
export type SocialWay = keyof typeof socialNames;

export const isSocial = (method: string): method is SocialWay => Object.hasOwn(socialNames, method);

const JsonPointer = z
  .string()
  .max(200)
  .regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON pointer such as /roles');

const plainOrigin = (value: string): boolean => {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  return url.origin === value && (url.protocol === 'https:' || isLoopbackHttp(url));
};

/** What an administrator says about one Supabase project whose GoTrue we speak to directly. */
export const SupabaseSettings = z.strictObject({
  id: ConnectionId,
  name: z.string().min(1).max(100),
  projectUrl: z.string().max(500).refine(plainOrigin, 'must be the https origin of the project'),
  publishableKey: z.instanceof(Secret<'publishableKey'>),
  redirect_uri: z.url().max(500),
  methods: z.array(Method).min(1),
  claims: z
    .strictObject({
      /** Both point into `app_metadata`, which only administrators write. */
      tenant: JsonPointer.nullable().default(null),
      roles: JsonPointer.nullable().default(null),
    })
    .prefault({}),
  requireAal2: z.boolean().default(false),
  timeoutSeconds: z.number().positive().max(30).default(5),
});
export type SupabaseSettings = z.infer<typeof SupabaseSettings>;
/** As written down: what has a default may be left out. */
export type SupabaseSettingsInput = z.input<typeof SupabaseSettings>;

/** GoTrue's own name, in every token it signs. */
export const issuerOf = ({ projectUrl }: SupabaseSettings): string => `${projectUrl}/auth/v1`;

import { z } from 'zod';
import { ConnectionId } from '../domain/ids.ts';
import { Secret } from '../domain/secret.ts';
import { JsonPointer, isLoopbackHttp } from './kinds/fields.ts';
import { SupabaseMethod } from './kinds/supabase-methods.ts';

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
  methods: z.array(SupabaseMethod).min(1),
  claims: z
    .strictObject({
      /** Both point into `app_metadata`, which only administrators write. */
      tenant: JsonPointer.nullable().default(null),
      roles: JsonPointer.nullable().default(null),
    })
    .prefault({}),
  requireAal2: z.boolean().default(false),
  /** Whether it will be asked again after the sign-in: the session there then stays open. */
  isAskedAgain: z.boolean().default(false),
  timeoutSeconds: z.number().positive().max(30).default(5),
});
export type SupabaseSettings = z.infer<typeof SupabaseSettings>;
/** As written down: what has a default may be left out. */
export type SupabaseSettingsInput = z.input<typeof SupabaseSettings>;

/** GoTrue's own name, in every token it signs. */
export const issuerOf = ({ projectUrl }: SupabaseSettings): string => `${projectUrl}/auth/v1`;

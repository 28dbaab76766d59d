import { z } from 'zod';
import { isPlainUrl } from './fields.ts';

/** Where an interface is: scheme, host and port, and nothing behind. */
const ApiOrigin = z
  .string()
  .max(300)
  .refine(
    (value) => isPlainUrl(value) && new URL(value).origin === value,
    'must be https and a host alone, such as https://graph.microsoft.com',
  );

export const graphApi = 'https://graph.microsoft.com';
const cloudIdentityApi = 'https://cloudidentity.googleapis.com';

/** Asking Microsoft Graph, as an administrator writes it. */
export const graphLookup = z
  .strictObject({
    when: z
      .enum(['missing', 'always'])
      .default('missing')
      .describe(
        '`missing`: when the ID token does not list the groups, as above 200 of them. `always`: at each sign-in and in place of the claim, which also brings nested groups and the names of all.',
      ),
    api: ApiOrigin.default(graphApi).describe('Where Microsoft Graph is, in a national cloud another host.'),
  })
  .optional();

/** Asking Cloud Identity, as an administrator writes it. */
export const cloudIdentityLookup = z
  .strictObject({
    customer: z
      .string()
      .regex(/^C[0-9a-z]{1,30}$/, 'must be the customer id of the Workspace, such as C046psxkn')
      .optional()
      .describe(
        'The customer id of the Workspace. With it only its own groups count; without it those of others that the person is in too.',
      ),
    securityGroups: z.boolean().default(false).describe('Whether only groups that are labelled as security groups count.'),
    api: ApiOrigin.default(cloudIdentityApi).describe('Where the Cloud Identity API is.'),
  })
  .optional();

/** Where groups are asked for with the access token of the sign-in, for the generic connector. */
export const GroupLookup = z.discriminatedUnion('at', [
  z.strictObject({ at: z.literal('graph'), when: z.enum(['missing', 'always']), api: ApiOrigin }),
  z.strictObject({
    at: z.literal('cloud-identity'),
    when: z.literal('always'),
    api: ApiOrigin,
    labels: z.array(z.string().regex(/^[a-z./_]+$/)).min(1),
    customer: z.string().nullable(),
  }),
]);
export type GroupLookup = z.infer<typeof GroupLookup>;

/** What asking takes: a place, and a permission that the person or their administrator consents to. */
interface Asking {
  readonly groupLookup: GroupLookup | null;
  readonly scopes: readonly string[];
}

const notAsked: Asking = { groupLookup: null, scopes: [] };

/** `User.Read` is enough for the ids alone, and Graph then keeps back which of them are security groups. */
export const askGraph = (given: z.infer<typeof graphLookup>): Asking =>
  given === undefined ? notAsked : { groupLookup: { at: 'graph', ...given }, scopes: [`${given.api}/GroupMember.Read.All`] };

export function askCloudIdentity(given: z.infer<typeof cloudIdentityLookup>): Asking {
  if (given === undefined) return notAsked;
  const { api, customer = null, securityGroups } = given;
  const labels = [`cloudidentity.googleapis.com/groups.${securityGroups ? 'security' : 'discussion_forum'}`];
  return {
    groupLookup: { at: 'cloud-identity', when: 'always', api, labels, customer },
    scopes: ['https://www.googleapis.com/auth/cloud-identity.groups.readonly'],
  };
}

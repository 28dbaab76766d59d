import { z } from 'zod';
import { TenantId } from '../domain/ids.ts';
import { AdministrationSchema } from './administration.ts';
import { ConnectionSchema } from './connection-schema.ts';
import { DisplayName, DnsServer, Identifier, Issuer, Network, Permission, Requirement, WebUrl, secret } from './fields.ts';
import { ClientSchema, ResourceSchema } from './resource-schema.ts';
import { RuleSchema, connectionId, roleId } from './rule-schema.ts';

const member = z.strictObject({
  connection: connectionId.describe('The connection the person signs in with.'),
  subject: z.string().min(1).max(300).describe('Their `sub` there.'),
  role: roleId.describe('The role they have.'),
});

const tenant = z.strictObject({
  id: Identifier.pipe(TenantId).describe('Our name for it; stands in tokens.'),
  name: DisplayName.describe('What people see in the picker.'),
  suspended: z.boolean().default(false).describe('Whether nobody enters; what was granted rests until this is false again.'),
  requireMfa: z.boolean().default(false).describe('Whether a second factor must be proven before anybody enters: short for `require.mfa`.'),
  require: Requirement.optional().describe(
    'What must be proven about the sign-in before anybody enters; what is granted already ends or pauses when it is not.',
  ),
  ownSecondFactor: z
    .boolean()
    .default(false)
    .describe(
      'Whether a second factor of ours (an authenticator app or a passkey, enrolled here) stands in where one is demanded and the identity provider proves none; where a sign-in that cannot be phished is demanded, a passkey.',
    ),
  rules: z
    .array(RuleSchema)
    .max(500)
    .default([])
    .describe(
      'Who gets which role, by groups and by what else the identity provider says. Everybody gets every role whose rule fits, in whatever order they are, and none that a rule denies. What is not known gives nothing, and is denied.',
    ),
  members: z.array(member).default([]).describe('People named one by one.'),
  defaultRole: roleId
    .optional()
    .describe('The role of everybody who can sign in, has no other, and is denied none. Without it they are not in this tenant.'),
});
export type TenantConfig = z.infer<typeof tenant>;

const role = z.strictObject({
  id: roleId.describe('Our name for it.'),
  name: DisplayName.describe('What people see.'),
  permissions: z.array(Permission).default([]).describe('What it allows.'),
});

const key = secret(
  'key',
  'The key that encrypts secrets at rest: 32 bytes as base64url, 43 characters. Required when the issuer is https; on loopback one is made beside the store.',
);

/** Everything Drawbridge can be told, key by key. Keys named by a specification keep its spelling. */
export const ConfigSchema = z.strictObject({
  issuer: Issuer.describe('The public origin, byte for byte as clients see it. RFC 8414 §2.'),
  listen: z
    .strictObject({
      host: z
        .string()
        .regex(/^[\w.:-]{1,253}$/, 'must be a host name or an IP address')
        .default('127.0.0.1')
        .describe('The address to listen on.'),
      port: z.int().min(0).max(65_535).default(4000).describe('The port to listen on; 0 takes a free one.'),
    })
    .prefault({})
    .describe('Where we listen.'),
  store: z
    .string()
    .regex(/^(sqlite:.+|mongodb(\+srv)?:\/\/[^/]+\/[^/?]+(\?.*)?)$/, 'must be sqlite: and a path, or a mongodb URL that names a database')
    .default('sqlite:./data/drawbridge.db')
    .describe(
      'Where data lives: `sqlite:` and a path for one process, or `mongodb://…/database` for any number. Or give `store_file`, the path of a file that holds it.',
    ),
  key: key.optional(),
  organisation: z
    .strictObject({
      name: DisplayName.describe('Whose sign-in this is.'),
      supportUrl: WebUrl.optional().describe('Where people get help.'),
      logoPath: z
        .string()
        .regex(/\.(png|svg)$/i, 'must name a .png or .svg file')
        .optional()
        .describe('A picture for the pages, PNG or SVG, shown 22 pixels high.'),
    })
    .describe('Who runs this, as people see it.'),
  trustedProxies: z
    .array(Network)
    .default([])
    .describe('Proxies whose `X-Forwarded-For` is believed. Nothing else is ever taken from forwarded headers.'),
  signingAlgorithm: z
    .enum(['ES256', 'RS256'])
    .default('ES256')
    .describe('How access tokens are signed. A change takes two days, so that every cache has the new key before it signs. RFC 7518 §3.1.'),
  registration: z
    .strictObject({
      dynamic: z.boolean().default(true).describe('Whether clients may register themselves. RFC 7591.'),
      documents: z.boolean().default(true).describe('Whether a client may be named by the URL of its metadata document.'),
    })
    .prefault({})
    .describe('How clients become known beside those listed here.'),
  browserOrigins: z
    .array(z.string().regex(/^https?:\/\/[^/?#@\s]+$/, 'must be an origin such as https://client.example'))
    .default([])
    .describe('Origins of web pages whose scripts may call the gateway: web-based MCP clients. Fetch standard, "CORS protocol".'),
  connections: z.array(ConnectionSchema).min(1).describe('The identity providers people sign in with.'),
  dns: z
    .strictObject({
      servers: z
        .array(DnsServer)
        .max(10)
        .default([])
        .describe(
          'Who is asked for the records of `domains`, such as `10.0.0.53` or `[2001:db8::53]:5353`. None means the resolvers of this machine.',
        ),
    })
    .prefault({})
    .describe('How DNS is asked.'),
  tenants: z.array(tenant).min(1).describe('The customers or departments people belong to.'),
  tenantAddresses: z
    .boolean()
    .default(true)
    .describe(
      'Whether every resource answers for each tenant too, at `/t/` and the id of the tenant before its own path, for that tenant alone. Who knows an id can tell that there is such a tenant.',
    ),
  roles: z.array(role).min(1).describe('What people can be.'),
  resources: z.array(ResourceSchema).min(1).describe('The MCP servers behind the gateway.'),
  administration: AdministrationSchema.optional().describe(
    'The Admin API at `/admin/api`, for people whose roles hold permissions that begin with `drawbridge:`. Without this key there is none.',
  ),
  clients: z.array(ClientSchema).default([]).describe('Clients made known beforehand, for every resource.'),
  linking: z
    .boolean()
    .default(false)
    .describe(
      'Whether a person with two accounts at two connections may join them, after a fresh sign-in to each. What they may do still depends on the connection they sign in with.',
    ),
  limits: z
    .strictObject({
      authorizePerMinute: z.int().min(1).default(600).describe('Authorization requests per minute and source address.'),
      registerPerMinute: z.int().min(1).default(600).describe('Registrations per minute and source address.'),
      answersPerMinute: z
        .int()
        .min(1)
        .default(60)
        .describe('Passwords and codes per minute and source address, on pages that ask for them.'),
      tokenFailuresPerMinute: z.int().min(1).default(300).describe('Refused token requests per minute and source address.'),
      scimFailuresPerMinute: z
        .int()
        .min(1)
        .default(60)
        .describe(
          'Requests to provision without a token of the connection, per minute and source address. A token that was good a moment ago is heard all the same.',
        ),
      previewsPerMinute: z
        .int()
        .min(1)
        .default(30)
        .describe('Drafts of rules that are tried against everybody, per minute and administrator, on the administrators’ pages.'),
    })
    .prefault({})
    .describe('Bounds on what one address, or one administrator, may do; beyond them the answer is 429.'),
  shutdown: z
    .strictObject({
      noticeSeconds: z
        .number()
        .min(0)
        .max(300)
        .default(0)
        .describe('For how long `/readyz` already answers 503 while new requests are still taken, so that balancers look elsewhere.'),
      graceSeconds: z.number().min(0).max(300).default(5).describe('For how long running requests may go on after that.'),
    })
    .prefault({})
    .describe('What happens between SIGTERM and the end.'),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').describe('The least important line that is written.'),
    })
    .prefault({})
    .describe('The log, on stderr.'),
});
export type Config = z.infer<typeof ConfigSchema>;

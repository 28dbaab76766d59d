import { z } from 'zod';
import {
  AllowedRedirect,
  DisplayName,
  Identifier,
  Permission,
  RedirectUri,
  Requirement,
  ResourceIdentifier,
  ScopeName,
  UpstreamUrl,
  secret,
} from './fields.ts';

/** Where well-known MCP clients receive their answers; loopback addresses need no entry. */
export const knownClientRedirects: readonly string[] = [
  'https://claude.ai/api/mcp/auth_callback',
  'https://claude.com/api/mcp/auth_callback',
  'https://chatgpt.com/connector_platform_oauth_redirect',
  'https://chatgpt.com/connector/oauth/*',
  'https://vscode.dev/redirect',
  'https://insiders.vscode.dev/redirect',
  'https://www.cursor.com/agents/mcp/oauth/callback',
  'cursor://anysphere.cursor-mcp/oauth/callback',
];

/** A client made known beforehand. RFC 7591 §2 names. */
export const ClientSchema = z.strictObject({
  client_id: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/)
    .describe('What it calls itself.'),
  client_name: DisplayName.describe('What people see on the consent page.'),
  redirect_uris: z.array(RedirectUri).min(1).describe('Where its answers may go. A loopback port is ignored. RFC 8252 §7.3.'),
  token_endpoint_auth_method: z
    .enum(['none', 'client_secret_basic', 'client_secret_post'])
    .default('none')
    .describe('How it authenticates at the token endpoint.'),
  client_secret: secret('client_secret', 'Its secret, when it has one.').optional(),
});
export type ClientConfig = z.infer<typeof ClientSchema>;

const scope = z.strictObject({
  name: ScopeName.describe('The scope value. RFC 6749 §3.3.'),
  title: DisplayName.describe('A verb phrase for the consent page: “Look at notes”.'),
  note: z.string().max(300).default('').describe('A sentence below the title.'),
  changes: z.boolean().default(false).describe('True when it lets an app change data; then a person has to tick it.'),
  permissions: z.array(Permission).default([]).describe('What a role must hold for this scope to be given.'),
  require: Requirement.optional().describe(
    'What must be proven about the sign-in for this scope; it is asked for at sign-in, and without it the scope cannot be ticked.',
  ),
});

const tool = z.strictObject({
  scopes: z.array(ScopeName).default([]).describe('Scopes a token needs to call it.'),
  permissions: z.array(Permission).default([]).describe('Permissions a role must hold to call it.'),
  ownPermissions: z
    .array(Permission)
    .min(1)
    .optional()
    .describe(
      'Permissions that are enough to call it on what is one’s own, for a role without `permissions`. What is whose the MCP server decides, told by `ownership` of the assertion.',
    ),
  require: Requirement.optional().describe(
    'What must be proven about the sign-in to call it. Few clients know how to come back with more, so give the tool a scope that requires it, too. RFC 9470.',
  ),
});

const redirects = z.strictObject({
  policy: z
    .enum(['allow-list', 'open'])
    .default('allow-list')
    .describe('Whether self-registered clients may receive answers anywhere or only at the addresses listed.'),
  allow: z
    .array(AllowedRedirect)
    .default([...knownClientRedirects])
    .describe('Exact redirect URIs, or https prefixes ending in `*`. Loopback addresses are always possible.'),
});

const buttons = z.strictObject({
  approve: DisplayName.default('Approve').describe('The word on the consent page’s first button.'),
  deny: DisplayName.default('Deny').describe('The word on the second.'),
});

const day = 366;
const seconds = (max: number) => z.int().min(1).max(max);

/** One MCP server behind the gateway. */
export const ResourceSchema = z.strictObject({
  id: Identifier.describe('Our name for it.'),
  identifier: ResourceIdentifier.describe(
    'The URL clients use, on the issuer’s origin: the audience of its tokens. RFC 8707 §2, RFC 9728 §2.',
  ),
  upstream: UpstreamUrl.describe('Where requests are forwarded.'),
  name: DisplayName.describe('What people see.'),
  default: z.boolean().default(false).describe('Meant when a client names no resource. With one resource it is that one.'),
  baseline: z.array(ScopeName).default([]).describe('Scopes named in the metadata and in the first challenge. RFC 9728 §2, RFC 6750 §3.'),
  scopes: z.array(scope).min(1).describe('The scopes it knows.'),
  tools: z
    .record(z.string().regex(/^[\x21-\x7e]{1,128}$/, 'must be a tool name'), tool)
    .default({})
    .describe('What each tool asks for, by tool name.'),
  unlistedTools: z.enum(['deny']).default('deny').describe('What happens to a tool that is not listed.'),
  require: Requirement.optional().describe('What must be proven about the sign-in for any use.'),
  redirects: redirects.prefault({}).describe('Where self-registered clients may receive their answers.'),
  clients: z.array(ClientSchema).default([]).describe('Clients made known beforehand for this resource only.'),
  buttons: buttons.prefault({}).describe('Words on the consent page.'),
  accessTokenSeconds: seconds(86_400).default(3600).describe('How long an access token lives.'),
  refreshIdleDays: z.int().min(1).max(day).default(30).describe('How long a grant stays alive without use.'),
  refreshAbsoluteDays: z.int().min(1).max(3650).optional().describe('How long a grant lives at most, however much it is used.'),
  refreshGraceSeconds: z
    .int()
    .min(0)
    .max(600)
    .default(120)
    .describe('For how long after a rotation the previous refresh token still gets the same successor.'),
});
export type ResourceConfig = z.infer<typeof ResourceSchema>;

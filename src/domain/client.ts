import { z } from 'zod';
import { RegistrationRefusal } from './oauth-error.ts';
import { isAdmittedBy, isRegistrableRedirectUri } from './redirect-uri.ts';
import type { RedirectPolicy } from './resource.ts';

export const ClientAuthentication = z.enum(['none', 'client_secret_basic', 'client_secret_post']);
export type ClientAuthentication = z.infer<typeof ClientAuthentication>;

/** What an MCP client says about itself, after our rules; every member is a registered RFC 7591 §2 name. */
export const ClientMetadata = z.object({
  client_name: z.string().optional(),
  redirect_uris: z.array(z.string()),
  token_endpoint_auth_method: ClientAuthentication,
  grant_types: z.array(z.string()),
  response_types: z.array(z.string()),
  scope: z.string().optional(),
  client_uri: z.string().optional(),
  application_type: z.enum(['native', 'web']).optional(),
  software_id: z.string().optional(),
  software_version: z.string().optional(),
});
export type ClientMetadata = z.infer<typeof ClientMetadata>;

/** A client as the flows know it, whichever way it became known. */
export interface Client {
  readonly client_id: string;
  readonly metadata: ClientMetadata;
  /** The host whose document describes it, or null when it only describes itself. */
  readonly verifiedHost: string | null;
  readonly origin: 'self-registered' | 'configured' | 'metadata-document';
  /** Digest of the secret a configured client authenticates with; null when it has none or the secret is derived. */
  readonly secretDigest: string | null;
  /** The one resource it was made known for; absent when it may ask for any. */
  readonly onlyFor?: string;
}

/** What a sentence calls a client: in quotes when it chose the name itself and nobody vouches for it. */
export function spokenName({ metadata, verifiedHost, origin }: Client): string | null {
  const { client_name } = metadata;
  if (client_name === undefined) return null;
  return verifiedHost !== null || origin === 'configured' ? client_name : `“${client_name}”`;
}

const text = (max: number) => z.string().max(max);

/** The members we read; a wrong type in one of them is `invalid_client_metadata`, anything else is ignored. RFC 7591 §2. */
const Submitted = z.object({
  redirect_uris: z.array(z.string()).min(1).max(20),
  client_name: text(200).optional(),
  client_uri: text(500).optional(),
  scope: text(2000).optional(),
  grant_types: z.array(text(100)).max(20).optional(),
  response_types: z.array(text(100)).max(10).optional(),
  token_endpoint_auth_method: text(50).optional(),
  application_type: text(20).optional(),
  software_id: text(100).optional(),
  software_version: text(50).optional(),
  jwks: z.unknown().optional(),
  jwks_uri: z.unknown().optional(),
});

const refuse = (description: string): never => {
  throw new RegistrationRefusal('invalid_client_metadata', description);
};

/** RFC 7591 §2: an omitted method means `client_secret_basic`; a native or loopback client cannot keep a secret, so `none` is substituted and echoed. */
function authenticationOf(asked: string | undefined): ClientAuthentication {
  if (asked === undefined || asked === '') return 'none';
  const known = ClientAuthentication.safeParse(asked);
  return known.success ? known.data : refuse('token_endpoint_auth_method must be none, client_secret_basic or client_secret_post');
}

/** The client's home page, if it is one that anybody may be sent to; anything else is left out. */
export function webPage(uri: string | undefined): string | undefined {
  return uri !== undefined && uri.length <= 500 && /^https:\/\/[^\s\p{Cc}]+$/u.test(uri) && URL.canParse(uri) ? uri : undefined;
}

function readRedirectUris(uris: readonly string[], policies: readonly RedirectPolicy[]): string[] {
  for (const [index, uri] of uris.entries()) {
    if (!isRegistrableRedirectUri(uri)) {
      throw new RegistrationRefusal(
        'invalid_redirect_uri',
        `redirect_uris[${index}] must be https, http on localhost, 127.0.0.1 or [::1], or a private-use scheme with a dot, without fragment, user information, wildcard or answer parameters`,
      );
    }
    // A client is refused here already when no server would ever send an answer there.
    if (!policies.some((policy) => isAdmittedBy(policy, uri))) {
      throw new RegistrationRefusal('invalid_redirect_uri', `redirect_uris[${index}] is not an address this organisation allows`);
    }
  }
  return [...new Set(uris)];
}

/** Judges a registration request; the result is what will be registered, substitutions included. RFC 7591 §2, §3.2.1. */
export function admitClient(submitted: unknown, policies: readonly RedirectPolicy[]): ClientMetadata {
  const parsed = Submitted.safeParse(submitted);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const member = String(issue?.path[0] ?? 'the body');
    const error = member === 'redirect_uris' ? 'invalid_redirect_uri' : 'invalid_client_metadata';
    throw new RegistrationRefusal(error, `${member} is missing, too long or of the wrong type`);
  }
  const { data } = parsed;
  if (data.jwks !== undefined && data.jwks_uri !== undefined) refuse('jwks and jwks_uri exclude each other');
  const redirect_uris = readRedirectUris(data.redirect_uris, policies);
  // RFC 7591 §2: grants and response types correspond; ones we do not know are left out of the registration, never implied.
  const response_types = data.response_types ?? ['code'];
  if (!response_types.includes('code')) refuse('response_types must contain code');
  const asked = data.grant_types ?? ['authorization_code', 'refresh_token'];
  if (!asked.includes('authorization_code')) refuse('grant_types must contain authorization_code');
  if (asked.includes('implicit') || asked.includes('password')) refuse('grant_types must not contain implicit or password');
  const { application_type } = data;
  if (application_type !== undefined && application_type !== 'native' && application_type !== 'web') {
    refuse('application_type must be native or web');
  }
  return tidy({
    client_name: data.client_name?.trim(),
    redirect_uris,
    token_endpoint_auth_method: authenticationOf(data.token_endpoint_auth_method),
    grant_types: asked.filter((grant) => grant === 'authorization_code' || grant === 'refresh_token'),
    response_types: ['code'],
    scope: data.scope,
    client_uri: webPage(data.client_uri),
    application_type: application_type as 'native' | 'web' | undefined,
    software_id: data.software_id,
    software_version: data.software_version,
  });
}

/** Absent and empty members are left out: clients refuse null and the empty string. */
function tidy(metadata: { [Name in keyof ClientMetadata]: ClientMetadata[Name] | undefined }): ClientMetadata {
  const kept = Object.entries(metadata).filter(([, value]) => value !== undefined && value !== '');
  return ClientMetadata.parse(Object.fromEntries(kept));
}

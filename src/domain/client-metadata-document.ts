import { z } from 'zod';
import type { Client } from './client.ts';
import { webPage } from './client.ts';

const longestUrl = 2000;
/** Grants a document may ask for and get; others are left out, and a request that uses one is refused there. */
const ourGrants = ['authorization_code', 'refresh_token'];
/** RFC 7518 §6: members that belong to nobody but the key's owner. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * May this client_id be a metadata document's URL? Judged on the raw text, and only a text equal to its own serialisation passes, so that no
 * two spellings name one client. draft-ietf-oauth-client-id-metadata-document §3.
 */
export function isMetadataDocumentUrl(client_id: string, { loopback }: { loopback: boolean }): boolean {
  if (client_id.length > longestUrl || !/^https?:\/\/[\x21-\x7e]+$/.test(client_id) || !URL.canParse(client_id)) return false;
  const url = new URL(client_id);
  if (url.href !== client_id || url.username !== '' || url.password !== '' || /[#\\]/.test(client_id)) return false;
  // Serialising resolves dot segments, so an unequal text was refused above; an encoded slash beside dots is refused here.
  if (url.pathname === '/' || /(^|%2f|%5c|\/)\.{1,2}($|%2f|%5c|\/)/i.test(url.pathname)) return false;
  return url.protocol === 'https:' || (loopback && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname));
}

/** The members we read; anything else is ignored. RFC 7591 §2. */
const Document = z.object({
  client_id: z.string(),
  client_name: z.string().trim().min(1).max(200),
  redirect_uris: z.array(z.string()).min(1).max(100),
  client_uri: z.string().optional().catch(undefined),
  application_type: z.enum(['native', 'web']).optional().catch(undefined),
  grant_types: z.array(z.string()).optional(),
  scope: z.string().max(2000).optional().catch(undefined),
  token_endpoint_auth_method: z.string().optional(),
  // Not a client's member, but a large client lists its methods in it.
  token_endpoint_auth_methods_supported: z.array(z.string()).optional().catch(undefined),
  jwks: z.unknown().optional(),
});
type Document = z.infer<typeof Document>;

/**
 * The client a fetched document describes, or why it describes none; `url` is the client_id as the client sent it.
 * draft-ietf-oauth-client-id-metadata-document §4.1.
 */
export function clientFromDocument(
  url: string,
  json: unknown,
  isRegistrable: (uri: string) => boolean,
): { readonly client: Client } | { readonly reason: string } {
  const parsed = Document.safeParse(json);
  if (!parsed.success)
    return { reason: `${String(parsed.error.issues[0]?.path[0] ?? 'the document')} is missing, too long or of the wrong type` };
  const document = parsed.data;
  if (document.client_id !== url) return { reason: 'client_id is not the URL of the document' };
  const fault = secretFault(json as object, document) ?? methodFault(document);
  if (fault !== null) return { reason: fault };
  const redirect_uris = [...new Set(document.redirect_uris)].filter(isRegistrable);
  if (redirect_uris.length === 0) return { reason: 'redirect_uris holds no address that may be registered' };
  return { client: describe(document, redirect_uris) };
}

function describe(document: Document, redirect_uris: string[]): Client {
  const { client_id, client_name, client_uri, application_type, scope } = document;
  const page = webPage(client_uri);
  return {
    client_id,
    metadata: {
      client_name,
      redirect_uris,
      token_endpoint_auth_method: 'none',
      grant_types: (document.grant_types ?? ourGrants).filter((grant) => ourGrants.includes(grant)),
      response_types: ['code'],
      ...(page === undefined ? {} : { client_uri: page }),
      ...(application_type === undefined ? {} : { application_type }),
      ...(scope === undefined || scope === '' ? {} : { scope }),
    },
    verifiedHost: new URL(client_id).host,
    origin: 'metadata-document',
    secretDigest: null,
  };
}

/** A public document cannot hold a secret; one that tries has given it away. */
function secretFault(json: object, document: Document): string | null {
  if ('client_secret' in json || 'client_secret_expires_at' in json) return 'the document holds a client_secret';
  const { jwks } = document;
  if (jwks === undefined) return null;
  const keys: unknown = typeof jwks === 'object' && jwks !== null && 'keys' in jwks ? jwks.keys : null;
  if (!Array.isArray(keys)) return 'jwks is not a key set';
  const givenAway = keys.some((key: unknown) => typeof key !== 'object' || key === null || secretMembers.some((member) => member in key));
  return givenAway ? 'jwks holds a private or symmetric key' : null;
}

/** Without a declaration the method is `none`: the usual default needs a secret, which a document cannot have. */
function methodFault({ token_endpoint_auth_method, token_endpoint_auth_methods_supported }: Document): string | null {
  const listed = token_endpoint_auth_methods_supported ?? [];
  const declared = token_endpoint_auth_method === undefined ? listed : [token_endpoint_auth_method, ...listed];
  if (declared.some((method) => method.startsWith('client_secret_'))) return 'the document declares authentication with a shared secret';
  if (declared.length === 0 || declared.includes('none')) return null;
  if (declared.includes('private_key_jwt')) return 'the document declares only private_key_jwt, which is not supported: it must list none';
  return 'the document declares no supported token_endpoint_auth_method';
}

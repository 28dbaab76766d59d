import { consolePaths } from '../domain/console.ts';
import { tenantPaths } from '../domain/resource.ts';
import { administrationChecks } from './administration.ts';
import { isLoopbackUrl, standIn } from './fields.ts';
import type { ConfigProblem } from './problems.ts';
import { tenantChecks } from './tenant-checks.ts';
import { eachUnknown, ids, isRecord, list, record, text, texts } from './written.ts';
import type { Written } from './written.ts';

/**
 * What no single key can tell: ids that repeat, names that point nowhere, a resource off the issuer's origin. Works on the
 * configuration as written, before its shape is known to be right, so that these problems appear together with all the others.
 */
export function crossCheck(written: unknown): ConfigProblem[] {
  const root = record(written);
  const names = namesIn(root);
  return [
    ...uniqueIds(root),
    ...keyChecks(root),
    ...connectionChecks(root),
    ...domainClaims(root),
    ...tenantChecks(root),
    ...administrationChecks(root),
    ...list(root['resources']).flatMap((resource, index) => resourceChecks(resource, `resources[${index}]`, root, names)),
    ...defaultResource(root),
    ...clientChecks(list(root['clients']), 'clients'),
  ];
}

interface Names {
  readonly permissions: ReadonlySet<string>;
}

const namesIn = (root: Written): Names => ({
  permissions: new Set(list(root['roles']).flatMap((role) => texts(role['permissions']))),
});

function repeats(entries: unknown, name: string, at: string): ConfigProblem[] {
  const seen = new Set<string>();
  return list(entries).flatMap((entry, index) => {
    const id = text(entry[name]);
    if (id === null) return [];
    if (seen.has(id)) return [{ key: `${at}[${index}].${name}`, problem: 'is used twice' }];
    seen.add(id);
    return [];
  });
}

function uniqueIds(root: Written): ConfigProblem[] {
  return [
    ...['connections', 'tenants', 'roles', 'resources'].flatMap((at) => repeats(root[at], 'id', at)),
    ...repeats(root['resources'], 'identifier', 'resources'),
    ...repeats(root['clients'], 'client_id', 'clients'),
    ...list(root['resources']).flatMap((resource, index) => [
      ...repeats(resource['scopes'], 'name', `resources[${index}].scopes`),
      ...repeats(resource['clients'], 'client_id', `resources[${index}].clients`),
    ]),
  ];
}

function keyChecks(root: Written): ConfigProblem[] {
  const issuer = text(root['issuer']);
  const key = text(root['key']);
  if (key !== null && (!/^[\w-]{43}$/.test(key) || Buffer.from(key, 'base64url').toString('base64url') !== key)) {
    return [{ key: 'key', problem: 'must be 32 bytes as base64url, 43 characters' }];
  }
  if (key !== null && new Set(Buffer.from(key, 'base64url')).size === 1) {
    return [{ key: 'key', problem: 'is a placeholder: every byte of it is the same' }];
  }
  if (root['key'] === undefined && text(root['store'])?.startsWith('mongodb') === true) {
    return [{ key: 'key', problem: 'is required with a store that several processes share: all of them need the same one' }];
  }
  if (root['key'] === undefined && issuer !== null && !isLoopbackUrl(issuer)) {
    return [{ key: 'key', problem: 'is required when the issuer is not on loopback; give key_file or DRAWBRIDGE_KEY_FILE' }];
  }
  return [];
}

/** A key of a Supabase project that may do everything there; we need none. */
function isAllPowerful(key: string): boolean {
  if (key.startsWith('sb_secret_')) return true;
  try {
    const claims: unknown = JSON.parse(Buffer.from(key.split('.')[1] ?? '', 'base64url').toString());
    return isRecord(claims) && claims['role'] === 'service_role';
  } catch {
    return false;
  }
}

const supabaseChecks = (connection: Written, at: string): ConfigProblem[] =>
  isAllPowerful(text(connection['publishableKey']) ?? '')
    ? [{ key: `${at}.publishableKey`, problem: 'must be the publishable key, not one that may do everything' }]
    : [];

function connectionChecks(root: Written): ConfigProblem[] {
  return list(root['connections']).flatMap((connection, index) => {
    const at = `connections[${index}]`;
    if (connection['type'] === 'supabase') return supabaseChecks(connection, at);
    const found = [...credentialChecks(connection, at), ...provisioningChecks(connection, at)];
    if (Array.isArray(connection['scopes']) && !texts(connection['scopes']).includes('openid')) {
      found.push({ key: `${at}.scopes`, problem: 'must contain openid' });
    }
    return found;
  });
}

/** Whose object ids they are would not be known. */
const provisioningChecks = (connection: Written, at: string): ConfigProblem[] =>
  connection['provisioning'] !== undefined && texts(connection['allowedTenants']).length > 0
    ? [{ key: `${at}.provisioning`, problem: 'needs a connection of one tenant: give each tenant a connection, without allowedTenants' }]
    : [];

function credentialChecks(connection: Written, at: string): ConfigProblem[] {
  const method = text(connection['tokenEndpointAuthMethod']) ?? 'client_secret_basic';
  const wantsKey = method === 'private_key_jwt';
  const wantsSecret = !wantsKey && method !== 'none';
  const secret = connection['client_secret'];
  const key = connection['clientKey'];
  const found: ConfigProblem[] = [];
  if (wantsSecret && secret === undefined) found.push({ key: `${at}.client_secret`, problem: 'is required; or give client_secret_file' });
  if (!wantsSecret && secret !== undefined)
    found.push({ key: `${at}.client_secret`, problem: `has no use when tokenEndpointAuthMethod is ${wantsKey ? method : 'none'}` });
  if (wantsKey === (key === undefined))
    found.push({ key: `${at}.clientKey`, problem: wantsKey ? 'is required by private_key_jwt' : 'has no use without private_key_jwt' });
  const private_key = text(record(key)['private_key']);
  if (private_key !== null && private_key !== standIn && !isPrivateKey(private_key))
    found.push({ key: `${at}.clientKey.private_key`, problem: 'must be a private key: PKCS8 in PEM, not encrypted, or a JWK' });
  return found;
}

/** As far as it can be seen without using it: a certificate, a public or an encrypted key is noticed before the first sign-in. */
function isPrivateKey(key: string): boolean {
  if (/^\s*-----BEGIN PRIVATE KEY-----/.test(key)) return true;
  try {
    return text(record(JSON.parse(key))['d']) !== null;
  } catch {
    return false;
  }
}

/** One domain leads to one connection, or whoever is written first would get the other's people. */
function domainClaims(root: Written): ConfigProblem[] {
  const claimed = new Set<string>();
  return list(root['connections']).flatMap((connection, index) =>
    texts(connection['domains']).flatMap((domain, position) => {
      const problem = { key: `connections[${index}].domains[${position}]`, problem: 'is claimed twice: a domain leads to one connection' };
      if (claimed.has(domain)) return [problem];
      claimed.add(domain);
      return [];
    }),
  );
}

function resourceChecks(resource: Written, at: string, root: Written, { permissions }: Names): ConfigProblem[] {
  const scopes = new Set(ids(resource['scopes'], 'name'));
  const noScope = 'is not among the scopes of this resource';
  const noPermission = 'is in no role';
  const identifier = text(resource['identifier']);
  const issuer = text(root['issuer']);
  const isElsewhere =
    identifier !== null &&
    issuer !== null &&
    URL.canParse(identifier) &&
    URL.canParse(issuer) &&
    new URL(identifier).origin !== new URL(issuer).origin;
  const path = identifier !== null && URL.canParse(identifier) ? new URL(identifier).pathname : '';
  const isOurs = `${path}/`.startsWith(`${consolePaths.front}/`);
  return [
    ...(isElsewhere ? [{ key: `${at}.identifier`, problem: 'must be on the origin of the issuer' }] : []),
    ...(isOurs ? [{ key: `${at}.identifier`, problem: `must not be at or below ${consolePaths.front}: that is the administration` }] : []),
    ...(path.startsWith(tenantPaths)
      ? [{ key: `${at}.identifier`, problem: `must not be below ${tenantPaths}: those are the addresses of tenants` }]
      : []),
    ...eachUnknown(resource['baseline'], scopes, `${at}.baseline`, noScope),
    ...list(resource['scopes']).flatMap((scope, index) => [
      ...eachUnknown(scope['permissions'], permissions, `${at}.scopes[${index}].permissions`, noPermission),
      ...(scope['name'] === 'offline_access'
        ? [{ key: `${at}.scopes[${index}].name`, problem: 'offline_access belongs to the authorization server, not to a resource' }]
        : []),
    ]),
    ...Object.entries(record(resource['tools'])).flatMap(([name, tool]) => [
      ...eachUnknown(record(tool)['scopes'], scopes, `${at}.tools.${name}.scopes`, noScope),
      ...eachUnknown(record(tool)['permissions'], permissions, `${at}.tools.${name}.permissions`, noPermission),
      ...eachUnknown(record(tool)['ownPermissions'], permissions, `${at}.tools.${name}.ownPermissions`, noPermission),
      ...(record(tool)['ownPermissions'] !== undefined && texts(record(tool)['permissions']).length === 0
        ? [{ key: `${at}.tools.${name}.ownPermissions`, problem: 'has no use without permissions: everybody may call it on anything' }]
        : []),
    ]),
    ...clientChecks(list(resource['clients']), `${at}.clients`),
  ];
}

function defaultResource(root: Written): ConfigProblem[] {
  const resources = list(root['resources']);
  const marked = resources.filter((resource) => resource['default'] === true).length;
  if (resources.length < 2 || marked === 1) return [];
  return [
    { key: 'resources', problem: `exactly one of several resources must be the default; ${marked === 0 ? 'none is' : `${marked} are`}` },
  ];
}

function clientChecks(clients: readonly Written[], at: string): ConfigProblem[] {
  return clients.flatMap((client, index) => {
    const key = `${at}[${index}].client_secret`;
    const wantsSecret = !['none', undefined].includes(text(client['token_endpoint_auth_method']) ?? undefined);
    const hasSecret = client['client_secret'] !== undefined;
    if (wantsSecret === hasSecret) return [];
    return [
      { key, problem: wantsSecret ? 'is required by token_endpoint_auth_method' : 'has no use when token_endpoint_auth_method is none' },
    ];
  });
}

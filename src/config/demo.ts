import { validate } from './load.ts';
import type { Config } from './schema.ts';

/** What the demonstration makes anew at each start. */
export interface DemoSecrets {
  readonly client_secret: string;
}

const scopes = [
  { name: 'read', title: 'Look at notes', note: 'It can’t change anything.', permissions: ['notes:read'] },
  {
    name: 'write',
    title: 'Add and delete notes',
    note: 'Your colleagues see what it adds, under your name.',
    changes: true,
    permissions: ['notes:write'],
  },
];

const tools = {
  whoami: { scopes: ['read'] },
  list_notes: { scopes: ['read'], permissions: ['notes:read'] },
  add_note: { scopes: ['write'], permissions: ['notes:write'] },
  delete_notes: { scopes: ['write'], permissions: ['notes:delete'] },
};

const administers = ['read', 'people', 'rules', 'connections', 'clients', 'audit'].map((what) => `drawbridge:${what}`);

const roles = [
  { id: 'viewer', name: 'Viewer', permissions: ['notes:read'] },
  { id: 'editor', name: 'Editor', permissions: ['notes:read', 'notes:write'] },
  { id: 'admin', name: 'Administrator', permissions: ['notes:read', 'notes:write', 'notes:delete', ...administers] },
];

const tenants = [
  {
    id: 'acme',
    name: 'Acme',
    rules: [
      { group: 'eng', role: 'editor' },
      { group: 'it-admins', role: 'admin' },
    ],
  },
  {
    id: 'globex',
    name: 'Globex',
    requireMfa: true,
    rules: [
      { group: 'eng', role: 'viewer' },
      { group: 'sales', role: 'viewer' },
    ],
  },
  { id: 'initech', name: 'Initech', rules: [{ group: 'support', role: 'viewer' }] },
];

/**
 * The demonstration at `port`: its identity provider answers at `port + 1`, its MCP server at `port + 2`. Everything is on
 * loopback, so clients may receive their answers anywhere.
 */
export function demoConfig(port: number, { client_secret }: DemoSecrets, store = 'sqlite:./data/drawbridge.db'): Config {
  const origin = `http://localhost:${port}`;
  const connection = {
    id: 'demo',
    type: 'oidc',
    name: 'Demo Company',
    subline: 'Everybody’s password is demo',
    issuer: `http://localhost:${port + 1}`,
    client_id: 'drawbridge-demo',
    client_secret,
    scopes: ['openid', 'profile', 'email', 'groups'],
    claims: { groups: '/groups' },
    mfa: { acr_values: ['urn:drawbridge:demo:mfa'], acr: ['urn:drawbridge:demo:mfa'], amr: ['mfa'] },
  };
  const resource = {
    id: 'notes',
    identifier: `${origin}/mcp`,
    upstream: `http://localhost:${port + 2}/mcp`,
    name: 'Demo Notes',
    default: true,
    baseline: ['read', 'write'],
    scopes,
    tools,
    redirects: { policy: 'open' },
  };
  const organisation = { name: 'Demo Company' };
  return validate({
    issuer: origin,
    listen: { host: 'localhost', port },
    store,
    organisation,
    // Where MCP Inspector's web interface runs.
    browserOrigins: ['http://localhost:6274', 'http://127.0.0.1:6274'],
    connections: [connection],
    tenants,
    roles,
    resources: [resource],
    administration: { tenant: 'acme' },
  });
}

/** What stands in the configuration file of a broker under test; JSON is YAML too. */
export interface Places {
  readonly issuer: string;
  readonly port: number;
  readonly idp: string;
  readonly upstream: string;
  readonly client_secret: string;
}

/** One tenant, one resource, and the demonstration identity provider or one that behaves like it. */
export const configuration = ({ issuer, port, idp, upstream, client_secret }: Places) => ({
  issuer,
  listen: { host: '127.0.0.1', port },
  organisation: { name: 'Lantern Works' },
  connections: [
    {
      id: 'demo',
      type: 'oidc',
      name: 'Lantern SSO',
      issuer: idp,
      client_id: 'drawbridge',
      client_secret,
      scopes: ['openid', 'profile', 'email', 'groups'],
      claims: { groups: '/groups' },
    },
  ],
  roles: [{ id: 'editor', name: 'Editor', permissions: ['notes:read', 'notes:write'] }],
  tenants: [{ id: 'acme', name: 'Acme', rules: [{ group: 'eng', role: 'editor' }] }],
  resources: [
    {
      id: 'notes',
      identifier: `${issuer}/mcp`,
      upstream,
      name: 'Notes',
      baseline: ['read', 'write'],
      scopes: [
        { name: 'read', title: 'Look at notes', permissions: ['notes:read'] },
        { name: 'write', title: 'Add notes', changes: true, permissions: ['notes:write'] },
      ],
      tools: { whoami: { scopes: ['read'] }, list_notes: { scopes: ['read'] }, add_note: { scopes: ['write'] } },
      redirects: { policy: 'open' },
    },
  ],
});

import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from '../../../src/config/load.ts';
import type { Config } from '../../../src/config/schema.ts';

export const stubClient = 'drawbridge-bench';

const unlimited = 1_000_000_000;

interface Facts {
  readonly folder: string;
  readonly store: string;
  readonly port: number;
  readonly idp: string;
  readonly upstream: number;
}

/** The product as a company would run it, except that its limits are out of the way. */
function written({ store, port, idp, upstream, key }: Facts & { readonly key: string }) {
  const issuer = `http://127.0.0.1:${port}`;
  return {
    issuer,
    listen: { host: '127.0.0.1', port },
    store,
    key,
    organisation: { name: 'Bench Company' },
    connections: [
      {
        id: 'stub',
        type: 'oidc',
        name: 'Stub',
        issuer: idp,
        client_id: stubClient,
        client_secret: 'not-a-secret-only-a-benchmark',
        claims: { groups: '/groups' },
      },
    ],
    roles: [
      { id: 'viewer', name: 'Viewer', permissions: ['notes:read'] },
      { id: 'editor', name: 'Editor', permissions: ['notes:read', 'notes:write'] },
    ],
    tenants: [{ id: 'acme', name: 'Acme', rules: [{ group: 'eng', role: 'editor' }] }],
    resources: [
      {
        id: 'notes',
        identifier: `${issuer}/mcp`,
        upstream: `http://127.0.0.1:${upstream}/mcp`,
        name: 'Notes',
        baseline: ['read', 'write'],
        scopes: [
          { name: 'read', title: 'Look at notes', permissions: ['notes:read'] },
          { name: 'write', title: 'Add notes', changes: true, permissions: ['notes:write'] },
        ],
        tools: {
          list_notes: { scopes: ['read'], permissions: ['notes:read'] },
          add_note: { scopes: ['write'], permissions: ['notes:write'] },
        },
        redirects: { policy: 'open' },
        // A run refreshes a grant again within seconds; without grace its row stays that of one refreshed once an hour.
        refreshGraceSeconds: 0,
      },
    ],
    limits: { authorizePerMinute: unlimited, registerPerMinute: unlimited, tokenFailuresPerMinute: unlimited },
  };
}

/** Writes the configuration file and gives back its path and what it means. */
export function configure(facts: Facts): { path: string; config: Config } {
  mkdirSync(facts.folder, { recursive: true });
  const tree = written({ ...facts, key: randomBytes(32).toString('base64url') });
  const path = join(facts.folder, 'drawbridge.yaml');
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(tree, null, 2));
  return { path, config: validate(tree) };
}

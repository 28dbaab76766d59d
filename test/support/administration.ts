import type { Config } from '../../src/config/schema.ts';
import { RoleId, TenantId } from '../../src/domain/ids.ts';
import { login } from './client.ts';
import type { SignedIn } from './client.ts';
import type { System } from './system.ts';

/** What each person of the demonstration is here: whoever looks after all tenants, administrators of one, and people who look after nobody. */
export const cast = {
  platform: { login: 'carol', tenant: 'acme' },
  'admin of acme': { login: 'alice', tenant: 'acme' },
  'admin of initech': { login: 'erin', tenant: 'initech' },
  viewer: { login: 'bob', tenant: 'acme' },
} as const;
export type Part = keyof typeof cast;

const administers = ['read', 'people', 'rules', 'connections', 'clients', 'audit'].map((what) => `drawbridge:${what}`);

const role = (id: string) => RoleId.parse(id);

/** The demonstration with the cast in it. Nobody needs a second factor, and everybody may ask for everything. */
export const administered = (config: Config): Config => ({
  ...config,
  administration: { tenant: TenantId.parse('acme'), rulesByFileOnly: false },
  roles: [
    { id: role('viewer'), name: 'Viewer', permissions: ['notes:read'] },
    { id: role('editor'), name: 'Editor', permissions: ['notes:read', 'notes:write'] },
    { id: role('admin'), name: 'Administrator', permissions: ['notes:read', 'notes:write', 'notes:delete', ...administers] },
    { id: role('platform'), name: 'Platform', permissions: ['drawbridge:read', 'drawbridge:platform', 'notes:read', 'notes:write'] },
  ],
  tenants: config.tenants.map((tenant) => ({
    ...tenant,
    requireMfa: false,
    rules:
      tenant.id === 'acme'
        ? [
            { group: 'it-admins', role: role('platform') },
            { group: 'eng', role: role('admin') },
            { group: 'sales', role: role('viewer') },
          ]
        : tenant.id === 'initech'
          ? [{ group: 'support', role: role('admin') }]
          : [],
  })),
});

/** The same with everybody an administrator of where they belong. */
export const everybodyAdministers = (config: Config): Config => ({
  ...administered(config),
  tenants: administered(config).tenants.map((tenant) => ({
    ...tenant,
    rules: tenant.rules.map((rule) => (rule.role === 'viewer' ? { ...rule, role: role('admin') } : rule)),
  })),
});

export const adminResource = ({ issuer }: Pick<System, 'issuer'>): string => `${issuer}/admin/api`;

/** Signs one of the cast in for the Admin API. */
export const signInAs = async (system: System, part: Part, scope: readonly string[] = ['admin:read', 'admin:write']): Promise<SignedIn> =>
  login(system, { ...cast[part], scope, changes: { resource: adminResource(system), scope: scope.join(' ') } });

export interface Asked {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  /** The body as JSON, or as it is where it is none. */
  readonly body: unknown;
}

/** One request to the Admin API, as any HTTP client makes it. */
export async function ask(
  system: Pick<System, 'issuer'>,
  method: string,
  path: string,
  { token, body, headers = {} }: Asked = {},
): Promise<Answered> {
  const response = await fetch(`${system.issuer}/admin/api${path}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json\b/.test(response.headers.get('Content-Type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson && text !== '' ? (JSON.parse(text) as unknown) : text };
}

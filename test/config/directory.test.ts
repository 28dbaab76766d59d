import { expect, it } from '@jest/globals';
import { demoConfig } from '../../src/config/demo.ts';
import { directoryOf } from '../../src/config/directory.ts';
import { validate } from '../../src/config/load.ts';
import { secretDigest } from '../../src/domain/digest.ts';
import { ConnectionId, RoleId } from '../../src/domain/ids.ts';
import { matchResource } from '../../src/domain/resource.ts';
import { Secret } from '../../src/domain/secret.ts';
import { mapRoles } from '../../src/domain/role-mapping.ts';

const directory = directoryOf(demoConfig(4000, { client_secret: 'made at start' }));

/** Tenant to roles, for somebody with these groups. */
const belongings = (...groups: string[]) =>
  Object.fromEntries(
    directory.tenants
      .map(
        (tenant) =>
          [
            tenant.id,
            mapRoles(tenant, { connectionId: ConnectionId.parse('demo'), subject: 'anybody', groups, claims: {} }).map(({ role }) => role),
          ] as const,
      )
      .filter(([, roles]) => roles.length > 0),
  );

it.each([
  ['alice', ['eng', 'eng-leads'], { acme: ['editor'], globex: ['viewer'] }],
  ['bob', ['sales'], { globex: ['viewer'] }],
  ['carol', ['it-admins'], { acme: ['admin'] }],
  ['erin', ['support'], { initech: ['viewer'] }],
  ['dave', [], {}],
])('gives %s what the demonstration promises', (_login, groups, expected) => {
  expect(belongings(...groups)).toEqual(expected);
});

it('asks for a second factor in Globex alone', () => {
  expect(directory.tenants.filter(({ demand }) => demand.mfa).map(({ id }) => id)).toEqual(['globex']);
});

it('carries every requirement over, and none where none is written', () => {
  const demo = demoConfig(4000, { client_secret: 'x' });
  const none = { mfa: false, phishingResistant: false };
  const { tenants, resources } = directoryOf({
    ...demo,
    tenants: demo.tenants.map((tenant) => (tenant.id === 'initech' ? tenant : { ...tenant, require: { ...none, maxAgeSeconds: 600 } })),
    resources: demo.resources.map((resource) => ({
      ...resource,
      require: { ...none, mfa: true },
      scopes: resource.scopes.map((scope) =>
        scope.name === 'write' ? { ...scope, require: { ...none, phishingResistant: true } } : scope,
      ),
      tools: { ...resource.tools, whoami: { scopes: ['read'], permissions: [], require: { ...none, maxAgeSeconds: 60 } } },
    })),
  });
  expect(tenants.map(({ id, demand }) => [id, demand])).toEqual([
    ['acme', { mfa: false, phishingResistant: false, maxAge: 600 }],
    // The short form and the group together.
    ['globex', { mfa: true, phishingResistant: false, maxAge: 600 }],
    ['initech', { mfa: false, phishingResistant: false, maxAge: null }],
  ]);
  const [resource] = resources;
  expect(resource?.demand).toEqual({ mfa: true, phishingResistant: false, maxAge: null });
  expect(resource?.scopes.map(({ name, demand }) => [name, demand])).toEqual([
    ['read', undefined],
    ['write', { mfa: false, phishingResistant: true, maxAge: null }],
  ]);
  expect(resource?.tools.get('whoami')?.demand).toEqual({ mfa: false, phishingResistant: false, maxAge: 60 });
  expect(resource?.tools.get('add_note')).not.toHaveProperty('demand');
  expect(JSON.stringify([resource, ...tenants])).not.toContain('require');
});

it('refuses a requirement that means nothing', () => {
  const written = { ...demoConfig(4000, { client_secret: 'x' }) };
  const wrong = (require: unknown) => {
    const resources = written.resources.map((resource) => ({ ...resource, require }));
    const connections = written.connections.map((connection) => ({ ...connection, client_secret: 's' }));
    return () => validate({ ...written, connections, resources });
  };
  expect(wrong({ mfa: true })).not.toThrow();
  for (const require of [{ maxAgeSeconds: 59 }, { maxAgeSeconds: 1.5 }, { mfa: 'yes' }, { acr: ['x'] }, true]) {
    expect(wrong(require)).toThrow(/resources\[0\]\.require/);
  }
});

it('lets only the administrator delete', () => {
  const tool = directory.resources[0]?.tools.get('delete_notes');
  const able = directory.roles.filter((role) => tool?.permissions.every((permission) => role.permissions.includes(permission)) === true);
  expect(able.map(({ id }) => id)).toEqual([RoleId.parse('admin')]);
  expect(tool?.scopes).toEqual(['write']);
});

it('turns days into seconds and the only resource into the default one', () => {
  const demo = demoConfig(4000, { client_secret: 'x' });
  const written = directoryOf({
    ...demo,
    resources: demo.resources.map((resource) => ({ ...resource, default: false, refreshAbsoluteDays: 90 })),
  });
  expect(written.resources[0]).toMatchObject({
    isDefault: true,
    lifetimes: { accessToken: 3600, refreshIdle: 2_592_000, refreshAbsolute: 7_776_000, refreshGrace: 120 },
  });
  expect(directory.resources[0]?.lifetimes.refreshAbsolute).toBeNull();
});

it('carries named members over, and of a configured client’s secret only the digest', () => {
  const clients = [
    {
      client_id: 'batch',
      client_name: 'Batch',
      redirect_uris: ['https://batch.example/cb'],
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret: 'CNRYsecret',
    },
    { client_id: 'desk', client_name: 'Desk', redirect_uris: ['http://localhost/cb'] },
  ];
  const demo = {
    issuer: 'http://localhost:4000',
    organisation: { name: 'Company' },
    connections: [{ id: 'sso', type: 'oidc', name: 'Company', issuer: 'https://idp.example', client_id: 'us', client_secret: 's' }],
    tenants: [{ id: 'main', name: 'Main', members: [{ connection: 'sso', subject: 'ana', role: 'user' }], defaultRole: 'user' }],
    roles: [{ id: 'user', name: 'User' }],
    resources: [
      {
        id: 'r',
        identifier: 'http://localhost:4000/mcp',
        upstream: 'http://localhost:4002/mcp',
        name: 'R',
        scopes: [{ name: 'read', title: 'Read' }],
      },
    ],
    clients,
  };
  const { clients: known, tenants } = directoryOf(validate(demo));
  expect(tenants[0]).toMatchObject({ members: [{ connectionId: 'sso', subject: 'ana', role: 'user' }], defaultRole: 'user' });
  const [batch, desk] = known;
  expect(batch).toMatchObject({ client_id: 'batch', origin: 'configured', secretDigest: secretDigest(new Secret('CNRYsecret')) });
  expect(JSON.stringify(batch)).not.toContain('CNRY');
  expect(desk).toMatchObject({ secretDigest: null, metadata: { token_endpoint_auth_method: 'none' } });
});

it('gives every resource an address for each tenant, unless the operator wants none', () => {
  const { administration: _, ...demo } = demoConfig(4000, { client_secret: 'x' });
  const { addresses, resources } = directoryOf(demo);
  expect([...addresses.keys()]).toEqual(
    ['/mcp', '/t/acme/mcp', '/t/globex/mcp', '/t/initech/mcp'].map((path) => `http://localhost:4000${path}`),
  );
  expect([...addresses.values()].map(({ onlyTenant }) => onlyTenant)).toEqual([undefined, 'acme', 'globex', 'initech']);
  expect([...directoryOf({ ...demo, tenantAddresses: false }).addresses.values()]).toEqual(resources);
});

it('has the administration as one more address, meant only by whoever names it', () => {
  const demo = demoConfig(4000, { client_secret: 'x' });
  const own = 'http://localhost:4000/admin/api';
  const { addresses, resources, administration } = directoryOf(demo);
  expect(administration).toMatchObject({ platformTenant: 'acme', resource: { identifier: own, isOwn: true, baseline: ['admin:read'] } });
  expect([addresses.get(own), resources.some(({ isOwn }) => isOwn === true)]).toEqual([administration?.resource, false]);
  const all = [...addresses.values()];
  const meant = (indicator: string | null) => matchResource(all, indicator)?.identifier;
  expect([null, 'http://localhost:4000', own].map(meant)).toEqual([resources[0]?.identifier, resources[0]?.identifier, own]);
  expect(matchResource(all, 'http://localhost:4000/t/acme/admin/api')).toBeNull();
  const { administration: _, ...without } = demo;
  expect(directoryOf(without)).not.toHaveProperty('administration');
  expect([...directoryOf(without).addresses.keys()]).not.toContain(own);
});

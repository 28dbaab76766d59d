import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { demoConfig } from '../../src/config/demo.ts';
import { SupabaseConnectionSchema } from '../../src/config/supabase-schema.ts';
import { socialNames } from '../../src/connectors/kinds/supabase-methods.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigProblems } from '../../src/config/problems.ts';
import type { ConfigProblem } from '../../src/config/problems.ts';
import { oidcConnection } from '../support/connections.ts';

type Tree = Record<string, unknown>;

const key = 'k'.repeat(42) + 'A';

/** A fresh valid configuration that a test may spoil. */
const valid = () => ({
  issuer: 'https://login.company.example',
  key,
  organisation: { name: 'Company' },
  connections: [
    { id: 'sso', type: 'oidc', name: 'Company', issuer: 'https://idp.example', client_id: 'us', client_secret: 'CNRYclientsecret' },
  ] as Tree[],
  tenants: [{ id: 'main', name: 'Main', rules: [{ connection: 'sso', group: 'staff*', role: 'user' }] }] as Tree[],
  roles: [{ id: 'user', name: 'User', permissions: ['notes:read'] }] as Tree[],
  resources: [
    {
      id: 'notes',
      identifier: 'https://login.company.example/mcp',
      upstream: 'http://notes.internal:8080/mcp',
      name: 'Notes',
      baseline: ['read'],
      scopes: [{ name: 'read', title: 'Look at notes', permissions: ['notes:read'] }],
      tools: { list: { scopes: ['read'], permissions: ['notes:read'] } },
    },
  ] as Tree[],
});

const load = (tree: unknown, env: Record<string, string> = {}, files: Record<string, string> = {}) =>
  loadConfig({
    file: '/etc/drawbridge/drawbridge.yaml',
    env,
    readFile: (path) => {
      if (path === '/etc/drawbridge/drawbridge.yaml') return typeof tree === 'string' ? tree : stringify(tree);
      const content = files[path];
      if (content !== undefined) return content;
      throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    },
  });

function problemsOf(run: () => unknown): readonly ConfigProblem[] {
  try {
    run();
  } catch (problem) {
    if (problem instanceof ConfigProblems) return problem.problems;
    throw problem;
  }
  return [];
}

const keysOf = (tree: unknown, env: Record<string, string> = {}) => problemsOf(() => load(tree, env)).map(({ key: at }) => at);

describe('a good configuration', () => {
  it('is read, with defaults filled in', () => {
    const config = load(valid());
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 4000 });
    expect(config.store).toBe('sqlite:./data/drawbridge.db');
    expect(config.resources[0]?.refreshGraceSeconds).toBe(120);
    expect(config.resources[0]?.redirects).toMatchObject({ policy: 'allow-list' });
    expect(oidcConnection(config).allowedAlgorithms).not.toContain('none');
  });

  it('wraps every secret as it comes in', () => {
    const config = load(valid());
    expect(config.key?.reveal()).toBe(key);
    expect(oidcConnection(config).client_secret?.reveal()).toBe('CNRYclientsecret');
    expect(JSON.stringify(config) + inspect(config, { depth: 9 })).not.toMatch(/CNRY|kkkk/);
  });

  it('reads secrets from files, relative to the configuration, without the closing line break', () => {
    const tree = valid();
    tree.connections[0] = { ...tree.connections[0], client_secret: undefined, client_secret_file: 'secrets/sso' };
    const config = load(
      { ...tree, key: undefined, key_file: '/run/secrets/key' },
      {},
      { '/run/secrets/key': `${key}\n`, '/etc/drawbridge/secrets/sso': 'from a file\n' },
    );
    expect(config.key?.reveal()).toBe(key);
    expect(oidcConnection(config).client_secret?.reveal()).toBe('from a file');
  });
});

describe('the environment', () => {
  it('wins over the file', () => {
    const config = load(
      { ...valid(), store: 'sqlite:./file.db' },
      {
        DRAWBRIDGE_STORE: 'sqlite:./environment.db',
        DRAWBRIDGE_PORT: '8443',
        DRAWBRIDGE_LOG_LEVEL: 'warn',
        DRAWBRIDGE_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      },
    );
    expect(config).toMatchObject({
      store: 'sqlite:./environment.db',
      listen: { port: 8443 },
      log: { level: 'warn' },
      trustedProxies: ['10.0.0.0/8', '::1'],
    });
  });

  it('replaces the key of the file whichever way either is given', () => {
    const other = `${'o'.repeat(42)}A`;
    expect(load(valid(), { DRAWBRIDGE_KEY_FILE: '/k' }, { '/k': other }).key?.reveal()).toBe(other);
    expect(load({ ...valid(), key: undefined, key_file: '/missing' }, { DRAWBRIDGE_KEY: other }).key?.reveal()).toBe(other);
    expect(keysOf(valid(), { DRAWBRIDGE_KEY: other, DRAWBRIDGE_KEY_FILE: '/k' })).toContain('DRAWBRIDGE_KEY');
  });

  it('is not confused by what an orchestrator announces', () => {
    const config = load(valid(), { DRAWBRIDGE_PORT: 'tcp://10.0.0.1:4000', DRAWBRIDGE_SERVICE_HOST: '10.0.0.1' });
    expect(config.listen.port).toBe(4000);
  });

  it('is checked like the file', () => {
    expect(keysOf(valid(), { DRAWBRIDGE_PORT: 'eighty', DRAWBRIDGE_ISSUER: 'https://login.company.example/' })).toEqual(
      expect.arrayContaining(['issuer', 'listen.port']),
    );
  });
});

describe('a bad configuration', () => {
  const spoil = (change: (tree: ReturnType<typeof valid>) => unknown) => {
    const tree = valid();
    const changed = change(tree);
    return changed ?? tree;
  };
  const resource = (change: Tree) => spoil((tree) => void (tree.resources[0] = { ...tree.resources[0], ...change }));
  const connection = (change: Tree) => spoil((tree) => void (tree.connections[0] = { ...tree.connections[0], ...change }));
  const tenant = (change: Tree) => spoil((tree) => void (tree.tenants[0] = { ...tree.tenants[0], ...change }));

  it.each<[string, unknown, string]>([
    ['an unknown key', { ...valid(), colour: 'CNRY' }, 'colour'],
    ['an unknown key deep inside', resource({ buttons: { approve: 'Yes', maybe: 'CNRY' } }), 'resources[0].buttons.maybe'],
    ['a missing key', { ...valid(), organisation: undefined }, 'organisation'],
    ['no key with an https issuer', { ...valid(), key: undefined }, 'key'],
    ['a short key', { ...valid(), key: 'CNRYshort' }, 'key'],
    ['a store of another kind', { ...valid(), store: 'postgres://CNRY@db' }, 'store'],
    ['a MongoDB without a database', { ...valid(), store: 'mongodb://CNRY:CNRY@db' }, 'store'],
    [
      'no key with a store that is shared',
      { ...valid(), issuer: 'http://localhost:4000', key: undefined, store: 'mongodb://CNRY:CNRY@db/brokers' },
      'key',
    ],
    ['a proxy that is no network', { ...valid(), trustedProxies: ['CNRY'] }, 'trustedProxies[0]'],
    ['a proxy range out of bounds', { ...valid(), trustedProxies: ['10.0.0.0/33'] }, 'trustedProxies[0]'],
    ['no connections', { ...valid(), connections: [] }, 'connections'],
    ['connections that are no list', { ...valid(), connections: 'CNRY' }, 'connections'],
    ['an id with a space', connection({ id: 'CNRY id' }), 'connections[0].id'],
    ['an unknown kind of connection', connection({ type: 'CNRYsaml' }), 'connections[0].type'],
    ['a connection without its secret', connection({ client_secret: undefined }), 'connections[0].client_secret'],
    ['a secret nobody uses', connection({ tokenEndpointAuthMethod: 'none' }), 'connections[0].client_secret'],
    ['a symmetric algorithm', connection({ allowedAlgorithms: ['HS256'] }), 'connections[0].allowedAlgorithms[0]'],
    ['claims that are no pointer', connection({ claims: { groups: 'CNRY' } }), 'connections[0].claims.groups'],
    ['sign-in without openid', connection({ scopes: ['email'] }), 'connections[0].scopes'],
    ['an upstream identity over http', connection({ issuer: 'http://idp.example' }), 'connections[0].issuer'],
    ['a rule for no connection', tenant({ rules: [{ connection: 'CNRY', group: 'g', role: 'user' }] }), 'tenants[0].rules[0].connection'],
    ['a rule for no role', tenant({ rules: [{ group: 'g', role: 'cnry' }] }), 'tenants[0].rules[0].role'],
    ['a member of no role', tenant({ members: [{ connection: 'sso', subject: 's', role: 'cnry' }] }), 'tenants[0].members[0].role'],
    ['a default role that is none', tenant({ defaultRole: 'cnry' }), 'tenants[0].defaultRole'],
    ['a name with a line break', tenant({ name: 'CNRY\nname' }), 'tenants[0].name'],
    ['a name that turns the text round', tenant({ name: 'CNRY\u202Ename' }), 'tenants[0].name'],
    ['the same tenant twice', spoil((tree) => void tree.tenants.push({ ...tree.tenants[0] })), 'tenants[1].id'],
    ['a resource on another origin', resource({ identifier: 'https://CNRY.example/mcp' }), 'resources[0].identifier'],
    ['a domain with a wildcard', connection({ domains: ['*.cnry.example'] }), 'connections[0].domains[0]'],
    ['a domain in capitals', connection({ domains: ['CNRY.example'] }), 'connections[0].domains[0]'],
    ['[W60] a mail service open to everybody', connection({ domains: ['cnry.example', 'gmail.com'] }), 'connections[0].domains[1]'],
    [
      '[W60] a domain of two connections',
      spoil((tree) => {
        const [first] = tree.connections;
        tree.connections = ['sso', 'other'].map((id) => ({ ...first, id, domains: ['cnry.example'] }));
      }),
      'connections[1].domains[0]',
    ],
    ['a domain twice', connection({ domains: ['cnry.example', 'cnry.example'] }), 'connections[0].domains[1]'],
    ['a resolver by name', { ...valid(), dns: { servers: ['127.0.0.1:53', '[::1]:53', 'CNRY.example'] } }, 'dns.servers[2]'],
    ['a resource where tenants have theirs', resource({ identifier: 'https://login.company.example/t/cnry' }), 'resources[0].identifier'],
    [
      'a resource where the Admin API is',
      resource({ identifier: 'https://login.company.example/admin/api/cnry' }),
      'resources[0].identifier',
    ],
    ['a platform tenant that is none', { ...valid(), administration: { tenant: 'cnry' } }, 'administration.tenant'],
    [
      'a permission that only looks like ours',
      spoil((tree) => void (tree.roles[0] = { ...tree.roles[0], permissions: ['drawbridge:read', 'drawbridge:cnry'] })),
      'roles[0].permissions[1]',
    ],
    ['a resource with a fragment', resource({ identifier: 'https://login.company.example/mcp#CNRY' }), 'resources[0].identifier'],
    ['a tool with an undeclared scope', resource({ tools: { list: { scopes: ['CNRY'] } } }), 'resources[0].tools.list.scopes[0]'],
    [
      'a tool with a permission nobody has',
      resource({ tools: { list: { permissions: ['CNRY'] } } }),
      'resources[0].tools.list.permissions[0]',
    ],
    [
      'a tool whose owners hold a permission nobody has',
      resource({ tools: { list: { permissions: ['notes:read'], ownPermissions: ['notes:read', 'CNRY'] } } }),
      'resources[0].tools.list.ownPermissions[1]',
    ],
    [
      'a tool for owners that everybody may use on anything',
      resource({ tools: { list: { ownPermissions: ['notes:read'] } } }),
      'resources[0].tools.list.ownPermissions',
    ],
    ['a baseline of unknown scopes', resource({ baseline: ['CNRY'] }), 'resources[0].baseline[0]'],
    ['allowing unlisted tools', resource({ unlistedTools: 'allow' }), 'resources[0].unlistedTools'],
    [
      'an allow-list entry that is a whole host',
      resource({ redirects: { allow: ['https://CNRY.example*'] } }),
      'resources[0].redirects.allow[0]',
    ],
    ['an allow-list entry that runs script', resource({ redirects: { allow: ['javascript:/CNRY'] } }), 'resources[0].redirects.allow[0]'],
    [
      'offline_access as a resource scope',
      resource({
        scopes: [
          { name: 'read', title: 'x' },
          { name: 'offline_access', title: 'x' },
        ],
      }),
      'resources[0].scopes[1].name',
    ],
    ['an access token that never ends', resource({ accessTokenSeconds: 1e9 }), 'resources[0].accessTokenSeconds'],
    [
      'a known client that needs a secret',
      {
        ...valid(),
        clients: [
          { client_id: 'c', client_name: 'C', redirect_uris: ['https://c.example/cb'], token_endpoint_auth_method: 'client_secret_basic' },
        ],
      },
      'clients[0].client_secret',
    ],
    [
      'a known client with a wildcard',
      { ...valid(), clients: [{ client_id: 'c', client_name: 'C', redirect_uris: ['https://CNRY.example/*'] }] },
      'clients[0].redirect_uris[0]',
    ],
    [
      'several resources without a default',
      spoil((tree) => void tree.resources.push({ ...tree.resources[0], id: 'other', identifier: 'https://login.company.example/other' })),
      'resources',
    ],
    ['a secret file that is missing', { ...valid(), key: undefined, key_file: '/CNRY' }, 'key_file'],
    ['a secret twice', { ...valid(), key_file: '/CNRY' }, 'key_file'],
    ['a file that is a list', ['CNRY'], 'the configuration'],
  ])('%s', (_what, tree, at) => {
    expect(keysOf(valid())).toEqual([]);
    const problems = problemsOf(() => load(tree));
    expect(problems.map(({ key: found }) => found)).toContain(at);
    expect(JSON.stringify(problems)).not.toMatch(/CNRY(?!\.|$)|cnry|HS256/);
  });

  it('[A1.06] wants an issuer that is an https origin and nothing more, or http on loopback', () => {
    const issuerOf = (issuer: string) => {
      const tree = valid();
      tree.resources[0] = { ...tree.resources[0], identifier: `${issuer}/mcp` };
      return keysOf({ ...tree, issuer });
    };
    for (const good of [
      'https://login.company.example',
      'https://login.company.example:8443',
      'http://localhost:4000',
      'http://127.0.0.1:4000',
    ]) {
      expect([good, issuerOf(good)]).toEqual([good, []]);
    }
    const host = 'login.company.example';
    const bad = [
      `http://${host}`,
      `https://${host}/`,
      `https://${host}/t1`,
      `https://${host}?a=b`,
      `https://${host}#a`,
      `https://LOGIN.example`,
    ];
    for (const issuer of [...bad, `https://u:p@${host}`, `https://${host}:443`, `https://${host} `, host, 'ftp://a.example', '', 7]) {
      expect([issuer, keysOf({ ...valid(), issuer })]).toEqual([issuer, expect.arrayContaining(['issuer'])]);
    }
  });

  it('names every problem at once, by key path, and never says what stands there', () => {
    const tree = { ...valid(), issuer: 'http://CNRYhost.example/?q#f', colour: 'CNRYcolour', key: 'CNRYkey' };
    tree.connections[0] = { ...tree.connections[0], client_id: 7, client_secret: undefined };
    tree.tenants[0] = { ...tree.tenants[0], rules: [{ group: 'CNRYgroup', role: 'CNRYrole' }] };
    const problems = problemsOf(() => load(tree, { DRAWBRIDGE_PORT: 'CNRYport' }));
    expect(problems.map(({ key: at }) => at)).toEqual(
      expect.arrayContaining([
        'issuer',
        'colour',
        'key',
        'listen.port',
        'connections[0].client_id',
        'connections[0].client_secret',
        'tenants[0].rules[0].role',
      ]),
    );
    expect(new ConfigProblems(problems).message).not.toContain('CNRY');
    expect(new ConfigProblems(problems).message.split('\n')).toHaveLength(problems.length + 1);
  });

  it('says where the YAML breaks without quoting it', () => {
    const [problem] = problemsOf(() => load('issuer: https://a.example\nkey: "CNRYsecret\n'));
    expect(problem?.key).toMatch(/drawbridge\.yaml line \d+$/);
    expect(JSON.stringify(problem)).not.toContain('CNRY');
    expect(problemsOf(() => load('issuer: a\nissuer: b\n'))[0]?.problem).toBe('is not valid YAML (duplicate key)');
  });

  it('says when the file itself cannot be read', () => {
    const readFile = (path: string) => readFileSync(path, 'utf8');
    expect(problemsOf(() => loadConfig({ file: '/nonexistent/drawbridge.yaml', env: {}, readFile }))).toEqual([
      { key: '/nonexistent/drawbridge.yaml', problem: 'cannot be read (ENOENT)' },
    ]);
  });
});

describe('the demonstration', () => {
  it('is a valid configuration at any port, as the first run promises', () => {
    const config = demoConfig(5000, { client_secret: 'made at start' });
    expect(config.issuer).toBe('http://localhost:5000');
    expect(config.connections[0]).toMatchObject({ issuer: 'http://localhost:5001', client_id: 'drawbridge-demo' });
    expect(config.resources[0]).toMatchObject({
      identifier: 'http://localhost:5000/mcp',
      upstream: 'http://localhost:5002/mcp',
      default: true,
    });
    expect(config.tenants.map(({ id, requireMfa }) => [id, requireMfa])).toEqual([
      ['acme', false],
      ['globex', true],
      ['initech', false],
    ]);
    expect(oidcConnection(config).client_secret?.reveal()).toBe('made at start');
  });
});

describe('a Supabase project', () => {
  const project = {
    id: 'base',
    type: 'supabase',
    name: 'Base',
    projectUrl: 'https://ref.supabase.co',
    publishableKey: 'sb_publishable_CNRY',
  };
  const beside = (more: Tree) => ({
    ...valid(),
    connections: [...valid().connections, { ...project, methods: ['password', 'google'], ...more }],
  });
  const serviceRole = `e30.${Buffer.from('{"role":"service_role"}').toString('base64url')}.x`;

  it('is read beside others, its key wrapped or out of a file, and opens as a connector does', () => {
    const config = load(beside({}));
    expect(config.connections[1]).toMatchObject({ type: 'supabase', requireAal2: false, claims: { roles: null, tenant: null } });
    expect(JSON.stringify(config)).not.toContain('CNRY');
    const filed = load(
      beside({ publishableKey: undefined, publishableKey_file: 'k' }),
      {},
      { '/etc/drawbridge/k': 'sb_publishable_file\n' },
    );
    const [, connection] = filed.connections;
    expect(connection?.type === 'supabase' ? connection.publishableKey.reveal() : '').toBe('sb_publishable_file');
    expect(load(beside({ recheck: {} })).connections[1]?.recheck).toEqual({ afterSeconds: 900, graceSeconds: 3600 });
  });

  it.each<[string, Tree, string]>([
    ['a path on the address', { projectUrl: 'https://ref.supabase.co/auth/v1' }, 'projectUrl'],
    ['a slash after the address', { projectUrl: 'https://ref.supabase.co/' }, 'projectUrl'],
    ['http elsewhere', { projectUrl: 'http://ref.supabase.co' }, 'projectUrl'],
    ['a key that may do everything [Q-SUPABASE-36]', { publishableKey: 'sb_secret_CNRY' }, 'publishableKey'],
    ['an older key that may do everything [Q-SUPABASE-36]', { publishableKey: serviceRole }, 'publishableKey'],
    ['no key', { publishableKey: undefined }, 'publishableKey'],
    ['no way to sign in', { methods: [] }, 'methods'],
    ['a way we do not know', { methods: ['CNRYfax'] }, 'methods[0]'],
    ['a pointer that is none', { claims: { roles: 'roles' } }, 'claims.roles'],
    ['a client id', { client_id: 'us' }, 'client_id'],
  ])('is refused for %s', (_what, more, key_) => {
    const problems = problemsOf(() => load(beside(more)));
    expect(problems.map(({ key: at }) => at)).toEqual([`connections[1].${key_}`]);
    expect(JSON.stringify(problems)).not.toContain('CNRY');
  });

  it('takes every way the connector knows, and no other', () => {
    const methods = ['password', 'email_otp', ...Object.keys(socialNames)];
    expect(load(beside({ methods })).connections[1]).toMatchObject({ methods });
    const { options } = SupabaseConnectionSchema.shape.methods.element;
    expect([...options].sort()).toEqual([...methods].sort());
  });
});

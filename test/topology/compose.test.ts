/** The containers of docker/compose.yaml, without an engine to run them: the file by its rules, and each part it starts, started here. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { upstreamIssuer } from '../../src/config/connection-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { read, root } from '../docs/support.ts';
import { needs } from '../support/prerequisites.ts';
import { oidcConnection } from '../support/connections.ts';

const run = promisify(execFile);

interface Place {
  readonly ipv4_address?: string;
  readonly aliases?: readonly string[];
}

interface Container {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly networks?: readonly string[] | Readonly<Record<string, Place>>;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly user?: string;
  readonly healthcheck?: unknown;
}

interface Compose {
  readonly services: Readonly<Record<string, Container>>;
  readonly volumes: Readonly<Record<string, null>>;
  readonly networks: Readonly<
    Record<string, { readonly internal?: boolean; readonly ipam?: { readonly config: readonly { readonly subnet: string }[] } }>
  >;
}

const compose = parse(read('docker/compose.yaml'), { merge: true }) as Compose;
const containers = Object.entries(compose.services);
const of = (name: string): Container => compose.services[name] as Container;
const placeOf = (name: string): Place => (of(name).networks as Readonly<Record<string, Place>>)['inside'] ?? {};
const secrets = {
  'drawbridge.key': Buffer.from('a key for trying documents only.').toString('base64url'),
  'client.secret': 'x',
  'ca.pem': 'x',
};
const config = loadConfig({
  file: 'docker/drawbridge.yaml',
  env: {},
  readFile: (path) => (secrets as Record<string, string>)[basename(path)] ?? read(path),
});

needs('dclint', 'dclint', (program) => {
  const lint = (file: string) => run(program, ['--config', join(root, 'docker', '.dclintrc.json'), '--quiet', file]);

  it('finds nothing in the file, and something in one that is none', async () => {
    await lint(join(root, 'docker', 'compose.yaml'));
    const folder = mkdtempSync(join(tmpdir(), 'compose-'));
    writeFileSync(join(folder, 'compose.yaml'), 'services:\n  web:\n    image: nginx:1.28-alpine\n    read_onyl: true\n');
    await expect(lint(join(folder, 'compose.yaml'))).rejects.toMatchObject({ code: 1 });
    rmSync(folder, { recursive: true });
  });
});

describe('every container', () => {
  it.each(containers)('%s is confined, of a pinned image, and reaches the machine in no way of its own', (_name, container) => {
    expect(container).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect([container.privileged, container.cap_add]).toEqual([undefined, undefined]);
    expect(container.image).toMatch(/:\d+\.\d+[\w.-]*$/);
    if (container.build === undefined) expect(container.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    else expect(read(join('docker', container.build.dockerfile.replace('docker/', '')))).toContain(` AS ${container.build.target}\n`);
    for (const port of container.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    for (const volume of container.volumes ?? []) {
      const [source = '', , mode] = volume.split(':');
      expect(source).not.toContain('docker.sock');
      if (source.startsWith('.')) expect([volume, mode, statSync(join(root, 'docker', source)).isFile()]).toEqual([volume, 'ro', true]);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  });

  it('that another one waits for exists, and can be seen to be ready', () => {
    for (const [name, { depends_on = {} }] of containers) {
      for (const [wanted, { condition }] of Object.entries(depends_on)) {
        expect([name, Object.keys(compose.services).includes(wanted)]).toEqual([name, true]);
        const hasCheck = of(wanted).healthcheck !== undefined || of(wanted).build?.target === 'product';
        if (condition === 'service_healthy') expect([wanted, hasCheck]).toEqual([wanted, true]);
      }
    }
  });

  it('gets no secret by its environment; the keys of TLS are the proxy’s alone', () => {
    const environment = containers.flatMap(([, container]) => Object.entries(container.environment ?? {}));
    for (const [name, value] of environment) if (/secret|key|password/i.test(name)) expect(value).toMatch(/^\//);
    const holders = containers.filter(([, { volumes = [] }]) => volumes.some((volume) => volume.startsWith('tls:'))).map(([name]) => name);
    expect(holders).toEqual(['proxy', 'preparation']);
  });
});

describe('the parts', () => {
  it('are two brokers alike, at the database all of whose members are on a network of their own', () => {
    const [one, two] = [of('broker-1'), of('broker-2')];
    expect({ ...two, networks: null }).toEqual({ ...one, networks: null });
    const hosts = /^mongodb:\/\/([^/]+)\/drawbridge\?replicaSet=drawbridge$/.exec(config.store)?.[1]?.split(',') ?? [];
    expect(hosts.map((host) => host.replace(':27017', ''))).toEqual(
      containers.map(([name]) => name).filter((name) => name.startsWith('mongo-')),
    );
    for (const host of hosts) expect(of(host.replace(':27017', '')).networks).toEqual(['store']);
    expect(compose.networks['store']).toEqual({ internal: true });
    expect(of('mongo-1').command).toEqual(expect.arrayContaining(['--replSet', 'drawbridge']));
  });

  it('agree about who the proxy is, and what everybody is called', () => {
    expect(config.trustedProxies).toEqual([placeOf('proxy').ipv4_address]);
    const subnet = compose.networks['inside']?.ipam?.config[0]?.subnet.replace(/\.0\/24$/, '.');
    for (const name of ['proxy', 'broker-1', 'broker-2', 'idp', 'notes']) expect(placeOf(name).ipv4_address).toContain(subnet);
    const [connection, resource] = [oidcConnection(config), config.resources[0]];
    const idpIssuer = upstreamIssuer(connection);
    expect(placeOf('proxy').aliases).toEqual([config.issuer, idpIssuer].map((url) => new URL(url).hostname));
    expect(of('proxy').ports).toEqual([`127.0.0.1:${new URL(config.issuer).port}:8443`]);
    expect(of('preparation').command?.slice(3)).toEqual(placeOf('proxy').aliases);
    expect(of('idp').environment).toMatchObject({
      DEMO_ISSUER: idpIssuer,
      DEMO_REDIRECT_URI: `${config.issuer}/callback/${connection.id}`,
    });
    expect(connection.client_id).toBe('drawbridge');
    const { DEMO_NAME = '', DEMO_PORT = '', DEMO_GATEWAY } = of('notes').environment ?? {};
    expect([`http://${DEMO_NAME}:${DEMO_PORT}/mcp`, DEMO_GATEWAY]).toEqual([resource?.upstream, config.issuer]);
    expect(Object.keys(compose.services)).toContain(DEMO_NAME);
  });

  it('are given the time to stop that the configuration promises', () => {
    const seconds = Number(/^(\d+)s$/.exec(of('broker-1').stop_grace_period ?? '')?.[1]);
    expect(seconds).toBeGreaterThan(config.shutdown.noticeSeconds + config.shutdown.graceSeconds + 2);
  });
});

describe('the preparation', () => {
  it('makes certificates for the names and secrets for their owner’s eyes, once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'preparation-'));
    const places = ['secrets', 'tls', 'certificates'].map((name) => join(folder, name));
    const prepare = () =>
      run(process.execPath, [join(root, 'docker', 'preparation.mjs'), ...places, 'mcp.drawbridge.localhost', 'idp.drawbridge.localhost']);
    await run('mkdir', places);
    await prepare();
    const held = () =>
      ['secrets/drawbridge.key', 'secrets/client.secret', 'tls/key.pem', 'tls/cert.pem'].map((path) =>
        readFileSync(join(folder, path), 'utf8'),
      );
    const before = held();
    expect(new Set(before).size).toBe(4);
    for (const path of ['secrets/drawbridge.key', 'secrets/client.secret', 'tls/key.pem'])
      expect(statSync(join(folder, path)).mode & 0o777).toBe(0o600);
    await run('openssl', [
      'verify',
      '-CAfile',
      join(folder, 'certificates', 'ca.pem'),
      '-verify_hostname',
      'idp.drawbridge.localhost',
      join(folder, 'tls', 'cert.pem'),
    ]);
    const stranger = [
      'verify',
      '-CAfile',
      join(folder, 'certificates', 'ca.pem'),
      '-verify_hostname',
      'evil.example',
      join(folder, 'tls', 'cert.pem'),
    ];
    await expect(run('openssl', stranger)).rejects.toThrow();
    await prepare();
    expect(held()).toEqual(before);
    rmSync(folder, { recursive: true });
  });
});

describe('the replica set', () => {
  function joinSet(state: { isThere: boolean; primaryAfter: number }) {
    const done = { initiated: [] as { members: { host: string }[] }[], printed: [] as string[], quit: [] as number[], slept: 0 };
    const rs = {
      status: () => {
        if (!state.isThere) throw Object.assign(new Error('no replset config has been received'), { codeName: 'NotYetInitialized' });
        return { ok: 1, members: [{ stateStr: done.slept >= state.primaryAfter ? 'PRIMARY' : 'SECONDARY' }] };
      },
      initiate: (given: { members: { host: string }[] }) => {
        state.isThere = true;
        done.initiated.push(given);
      },
    };
    const sleep = () => void (done.slept += 1);
    const quit = (code: number) => {
      done.quit.push(code);
      throw new Error('quit');
    };
    try {
      runInContext(read('docker/replica-set.js'), createContext({ rs, sleep, quit, print: (line: string) => done.printed.push(line) }));
    } catch (error) {
      if ((error as Error).message !== 'quit') throw error;
    }
    return done;
  }

  it('is made once, of the members the brokers are told of, and waited for; without a primary it is a failure', () => {
    const first = joinSet({ isThere: false, primaryAfter: 5 });
    expect(first.initiated[0]?.members.map(({ host }) => host).join(',')).toBe(/^mongodb:\/\/([^/]+)/.exec(config.store)?.[1]);
    expect([first.slept, first.printed.length]).toEqual([5, 1]);
    expect(joinSet({ isThere: true, primaryAfter: 0 }).initiated).toEqual([]);
    expect(joinSet({ isThere: true, primaryAfter: 1_000 })).toMatchObject({ quit: [1], printed: [] });
  });
});

needs('nginx', 'the proxy’s configuration', (program) => {
  it('is one nginx accepts, and does to every request what the documented one does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
    await run(process.execPath, [join(root, 'scripts', 'certificates.mjs'), folder, 'localhost']);
    const text = read('docker/nginx.conf');
    const here = text
      .replaceAll('/tmp/', `${folder}/`)
      .replaceAll('/tls/', `${folder}/`)
      .replace(/broker-\d|idp(?=:4001)/g, '127.0.0.1');
    writeFileSync(join(folder, 'nginx.conf'), here.replace('server 127.0.0.1:4000;\n', 'server 127.0.0.1:4002;\n'));
    const check = () => run(program, ['-t', '-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')]);
    expect((await check()).stderr).toContain('test is successful');
    const documented = /```nginx\n([\s\S]*?)```/.exec(read('docs/running.md'))?.[1] ?? '';
    const directives = [...documented.matchAll(/^\s*((?:proxy_(?!pass)|client_max|large_)\w+ .*;)$/gm)].map((match) => match[1] ?? '');
    expect(directives.length).toBeGreaterThan(6);
    for (const directive of directives) expect(text).toContain(directive);
    writeFileSync(join(folder, 'nginx.conf'), here.replace('proxy_buffering off', 'proxy_bufering off'));
    await expect(check()).rejects.toThrow();
    rmSync(folder, { recursive: true });
  });
});

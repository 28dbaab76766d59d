/** The image, without an engine to build it: the file by its rules, and what it does, done here. */
import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { read, root } from '../docs/support.ts';
import { freePorts } from '../support/free-ports.ts';
import { needs } from '../support/prerequisites.ts';
import { configuration } from './configuration.ts';

const run = promisify(execFile);

interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** The instructions of a Dockerfile, continued lines joined, in stages. */
function stagesOf(text: string): ReadonlyMap<string, readonly Instruction[]> {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages = new Map<string, Instruction[]>();
  let current: Instruction[] = [];
  for (const line of lines) {
    const [, name = '', value = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') stages.set(/ AS (\S+)$/.exec(value)?.[1] ?? value, (current = []));
    current.push({ name, value });
  }
  return stages;
}

const dockerfile = read('docker/Dockerfile');
const stages = stagesOf(dockerfile);
const all = [...stages.values()].flat();
const product = stages.get('product') ?? [];
const valuesOf = (instructions: readonly Instruction[], name: string) =>
  instructions.filter((one) => one.name === name).map(({ value }) => value);
const last = (name: string) => valuesOf(product, name).at(-1) ?? '';

describe('the Dockerfile', () => {
  it('builds on pinned images of a Node that package.json allows, the last one without a toolchain', () => {
    const bases = valuesOf(all, 'FROM');
    expect(bases).toHaveLength(3);
    for (const base of bases) expect(base).toMatch(/^node:24\.\d+-bookworm(-slim)? AS \w+$/);
    expect(new Set(bases.map((base) => /^node:([\d.]+)/.exec(base)?.[1])).size).toBe(1);
    expect([...stages.keys()].at(-1)).toBe('product');
    expect(last('FROM')).toContain('-slim');
  });

  it('runs nothing as root, and takes only what the other stages made', () => {
    for (const name of ['preparation', 'product']) {
      const users = valuesOf(stages.get(name) ?? [], 'USER');
      expect([name, users]).toEqual([name, ['1000:1000']]);
    }
    const after = product.slice(product.findIndex(({ name }) => name === 'USER') + 1).map(({ name }) => name);
    expect(after).not.toContain('RUN');
    for (const copied of valuesOf(product, 'COPY')) expect(copied).toMatch(/^--from=build /);
  });

  it('starts, checks and ends the product without a shell between', () => {
    for (const name of ['ENTRYPOINT', 'CMD']) expect(JSON.parse(last(name))).toEqual(expect.arrayContaining([expect.any(String)]));
    expect(JSON.parse(/ CMD (\[.*\])$/.exec(last('HEALTHCHECK'))?.[1] ?? '[]')).toHaveLength(3);
    expect(last('STOPSIGNAL')).toBe('SIGTERM');
    expect(last('VOLUME')).toBe('/data');
  });

  it('holds no secret, fetches nothing from elsewhere and switches no check off', () => {
    for (const value of [...valuesOf(all, 'ENV'), ...valuesOf(all, 'ARG')]) expect(value).not.toMatch(/key|secret|password|token|_auth/i);
    expect(valuesOf(all, 'ADD')).toEqual([]);
    expect(dockerfile).not.toMatch(
      /curl|wget|--insecure|strict-ssl|NODE_TLS_REJECT_UNAUTHORIZED|sudo|chmod 777|https?:\/\/(?!127\.0\.0\.1)/,
    );
  });

  it('is given what it copies and nothing else', () => {
    const ignored = read('docker/Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(ignored[0]).toBe('*');
    const given = ignored.slice(1).map((line) => line.replace(/^!/, ''));
    const copied = valuesOf(all, 'COPY')
      .filter((value) => !value.startsWith('--from'))
      .flatMap((value) => value.split(' ').slice(0, -1));
    expect(given.sort()).toEqual([...new Set(copied)].sort());
    for (const path of given) expect([path, existsSync(join(root, path))]).toEqual([path, true]);
  });
});

needs('hadolint', 'hadolint', (program) => {
  it('finds nothing in the Dockerfile, and something in a bad one', async () => {
    expect((await run(program, ['--no-color', join(root, 'docker', 'Dockerfile')])).stdout).toBe('');
    const folder = mkdtempSync(join(tmpdir(), 'hadolint-'));
    writeFileSync(join(folder, 'Dockerfile'), 'FROM node:latest\nCMD node main.js\n');
    const bad = run(program, ['--no-color', join(folder, 'Dockerfile')]);
    await expect(bad).rejects.toMatchObject({ stdout: expect.stringContaining('DL3007') });
    rmSync(folder, { recursive: true });
  });
});

describe('what the Dockerfile does, done here', () => {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  const app = join(folder, 'app');
  const started = { port: 0, ended: async () => Promise.resolve<unknown>(null), stop: () => undefined as void };

  /** Copies and builds as the first stage does; the packages are those of this checkout. */
  async function buildStage(): Promise<string> {
    const src = join(folder, 'src');
    for (const value of valuesOf(stages.get('build') ?? [], 'COPY')) {
      const parts = value.split(' ');
      const target = parts.at(-1) ?? '';
      for (const source of parts.slice(0, -1)) {
        const to = target.endsWith('/') ? join(src, target, source.split('/').at(-1) ?? '') : join(src, target);
        mkdirSync(dirname(to), { recursive: true });
        cpSync(join(root, source), to, { recursive: true, dereference: true });
      }
    }
    symlinkSync(join(root, 'node_modules'), join(src, 'node_modules'));
    const [command = ''] =
      /node .*?(?= && )/.exec(valuesOf(stages.get('build') ?? [], 'RUN').find((value) => value.includes('build(')) ?? '') ?? [];
    await run('sh', ['-c', command.replace('/src/scripts', `${src}/scripts`)], { cwd: src });
    return src;
  }

  /** What `npm prune --omit=dev` leaves, linked. */
  function linkProduction(to: string): number {
    const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { dev?: boolean; devOptional?: boolean }> };
    const kept = Object.entries(lock.packages).filter(
      ([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true,
    );
    const top = kept.map(([path]) => path).filter((path) => path.lastIndexOf('node_modules/') === 0 && existsSync(join(root, path)));
    for (const path of top) {
      mkdirSync(dirname(join(to, path)), { recursive: true });
      symlinkSync(join(root, path), join(to, path));
    }
    return top.length;
  }

  beforeAll(async () => {
    const src = await buildStage();
    cpSync(join(src, 'build', 'src'), join(app, 'build', 'src'), { recursive: true });
    cpSync(join(src, 'package.json'), join(app, 'package.json'));
    expect(linkProduction(app)).toBeGreaterThan(50);
    started.port = await freePorts(1);
    const issuer = `http://localhost:${started.port}`;
    const places = {
      issuer,
      port: started.port,
      idp: 'http://localhost:1',
      upstream: 'http://localhost:2/mcp',
      client_secret: 's'.repeat(43),
    };
    writeFileSync(join(folder, 'drawbridge.yaml'), JSON.stringify(configuration(places)));
    const [, entry = ''] = JSON.parse(last('ENTRYPOINT')) as string[];
    const env = { PATH: process.env['PATH'], NODE_ENV: 'production' };
    // Packages are found beside the program, as in the image, not where the links lead.
    const flags = ['--preserve-symlinks', entry.replace('/app', app), '--config', join(folder, 'drawbridge.yaml')];
    const child = spawn(process.execPath, flags, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    started.stop = () => void child.kill('SIGTERM');
    started.ended = async () => ended;
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => chunk.includes('"ready":true') && resolve());
      void ended.then(() => reject(new Error(said)));
    });
  }, 60_000);
  afterAll(async () => {
    started.stop();
    await started.ended();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has the product and neither tests nor sources nor a compiler', () => {
    const files = readdirSync(join(app, 'build'), { recursive: true }).map(String);
    expect(files).toContain('src/main.js');
    expect(files).toContain('src/demo/alone.js');
    expect(files.filter((file) => /\.test\.|(^|\/)test\/|\.ts$/.test(file))).toEqual([]);
    expect(existsSync(join(app, 'node_modules', 'koa'))).toBe(true);
    for (const name of ['typescript', 'jest', 'playwright-core']) expect(existsSync(join(app, 'node_modules', name))).toBe(false);
  });

  it('starts on production packages alone and is found healthy, until it is not; the data is where the volume is', async () => {
    const check = JSON.parse(/ CMD (\[.*\])$/.exec(last('HEALTHCHECK'))?.[1] ?? '[]') as string[];
    const at = (port: number) =>
      run(
        process.execPath,
        check.slice(1).map((part) => part.replace('4000', String(port))),
      );
    await at(started.port);
    await expect(at(1)).rejects.toMatchObject({ code: 1 });
    // WORKDIR is the parent of the volume, and the default store is ./data.
    expect([last('WORKDIR'), readFileSync(join(folder, 'data', 'master.key'), 'utf8').length]).toEqual(['/', 43]);
    started.stop();
    expect(await started.ended()).toEqual({ code: 0, signal: null });
    await expect(at(started.port)).rejects.toMatchObject({ code: 1 });
  });
});

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the placeholders of a documented proxy configuration are in this test. */
export interface ProxyPlaces {
  /** Port of the proxy on 127.0.0.1. */
  readonly port: number;
  /** What answers to each documented upstream, in order. */
  readonly upstreams: readonly number[];
  /** PEM files. */
  readonly cert: string;
  readonly key: string;
}

export interface ReverseProxy {
  close(): Promise<void>;
}

const startMs = 10_000;

function fill(documented: string, { upstreams, cert, key }: ProxyPlaces): string {
  const filled = documented.replaceAll('/etc/ssl/mcp.example.com.pem', cert).replaceAll('/etc/ssl/mcp.example.com.key', key);
  return upstreams.reduce((text, upstream, index) => text.replaceAll(`127.0.0.1:${4000 + index}`, `127.0.0.1:${upstream}`), filled);
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve((socket.destroy(), true)));
    socket.once('error', () => resolve(false));
  });
}

async function run(program: string, args: readonly string[], folder: string, port: number): Promise<ReverseProxy> {
  const env = { PATH: process.env['PATH'], HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const close = async () => {
    child.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const since = Date.now(); !(await canConnect(port));) {
    if (child.exitCode !== null || Date.now() - since > startMs) {
      await close();
      throw new Error(`${program} did not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return { close };
}

const temporary = () => mkdtempSync(join(tmpdir(), 'proxy-'));

/** nginx with the documented `upstream` and `server` blocks, and around them only what keeps it within a folder. */
export async function startNginx(program: string, documented: string, places: ProxyPlaces): Promise<ReverseProxy> {
  const folder = temporary();
  const temporaries = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  const blocks = fill(documented, places)
    .replace('listen 443 ssl', `listen 127.0.0.1:${places.port} ssl`)
    .replace('mcp.example.com', 'localhost');
  const around = ['daemon off;', 'master_process off;', `pid ${folder}/pid;`, 'events {}', 'http {', 'access_log off;', ...temporaries];
  writeFileSync(join(folder, 'nginx.conf'), [...around, blocks, '}'].join('\n'));
  return run(program, ['-p', folder, '-e', 'stderr', '-c', join(folder, 'nginx.conf')], folder, places.port);
}

/** Caddy with the documented site. */
export async function startCaddy(program: string, documented: string, places: ProxyPlaces): Promise<ReverseProxy> {
  const folder = temporary();
  const site = fill(documented, places).replace('mcp.example.com {', `https://localhost:${places.port} {\n\tbind 127.0.0.1`);
  writeFileSync(join(folder, 'Caddyfile'), `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
  return run(program, ['run', '--adapter', 'caddyfile', '--config', join(folder, 'Caddyfile')], folder, places.port);
}

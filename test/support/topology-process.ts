import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mainModule } from './product-process.ts';
import { freePorts } from './free-ports.ts';

export interface RunningBroker {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
}

/** Several processes behind a TLS proxy, as scripts/topology.mjs starts them. */
export interface Topology {
  readonly issuer: string;
  readonly mcp: string;
  readonly idp: string;
  readonly upstream: string;
  /** The authority behind every certificate, as PEM. */
  readonly ca: string;
  readonly brokers: readonly RunningBroker[];
  /** Everything the processes logged, each line with the name of its process before a bar. */
  log(): string;
  /** Ends a broker as an orchestrator would and waits until its successor is ready. */
  replace(broker: RunningBroker, signal?: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

const script = ['../../../', '../../']
  .map((up) => fileURLToPath(new URL(`${up}scripts/topology.mjs`, import.meta.url)))
  .find((path) => existsSync(path));

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

const longestStart = 60_000;

interface Said {
  readonly ready?: true;
  readonly restarted?: string;
  readonly pid: number;
}

/** Lines of JSON as they come, and whoever waits for one of them. */
function listenTo(child: ChildProcess): (wanted: (said: Said) => boolean) => Promise<Said> {
  const waiting = new Set<{ wanted: (said: Said) => boolean; resolve: (said: Said) => void }>();
  createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
    const said = JSON.parse(line) as Said;
    for (const one of waiting) if (one.wanted(said) && waiting.delete(one)) one.resolve(said);
  });
  return (wanted) =>
    new Promise((resolve, reject) => {
      const one = { wanted, resolve };
      waiting.add(one);
      setTimeout(() => reject(new Error('the topology did not say what was waited for')), longestStart).unref();
    });
}

export async function startTopology({
  brokers = 1,
  store,
  notice,
}: { brokers?: number; store?: string; notice?: number } = {}): Promise<Topology> {
  const port = await freePorts();
  const args = ['--main', mainModule, '--port', String(port), '--brokers', String(brokers)];
  if (store !== undefined) args.push('--store', store);
  if (notice !== undefined) args.push('--notice', String(notice));
  const child = spawn(process.execPath, [script ?? 'scripts/topology.mjs', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve(void running.delete(child))));
  const said = listenTo(child);
  const failed = exited.then(() => Promise.reject(new Error(`the topology ended before it was ready: ${stderr}`)));
  const ready = (await Promise.race([said((line) => line.ready === true), failed])) as unknown as Omit<
    Topology,
    'log' | 'replace' | 'close'
  >;
  failed.catch(() => undefined);
  const pids = new Map(ready.brokers.map(({ name, pid }) => [name, pid]));
  return {
    ...ready,
    ca: readFileSync(ready.ca, 'utf8'),
    log: () => stderr,
    replace: async ({ name }, signal = 'SIGTERM') => {
      const back = said((line) => line.restarted === name);
      process.kill(pids.get(name) ?? Number.NaN, signal);
      pids.set(name, (await back).pid);
    },
    close: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

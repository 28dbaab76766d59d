import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from './free-ports.ts';
import { freshMongo } from './system.ts';
import type { FreshDatabase } from './system.ts';

/** The compiled product beside this compiled file. */
export const mainModule = fileURLToPath(new URL('../../src/main.js', import.meta.url));

const longestStart = 30_000;
/** A command on a machine that is busy with much else. */
const longestRun = 50_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the signal, or from the start of a run that ends by itself. */
  readonly afterMs: number;
}

/** The last line of a start, for programs. */
export interface Ready {
  readonly ready: true;
  readonly issuer: string;
  readonly mcp: string;
  readonly idp: string;
  readonly upstream: string;
  readonly pid: number;
}

export interface Product extends Ready {
  readonly port: number;
  readonly folder: string;
  /** From the start of the process to its ready line. */
  readonly readyAfterMs: number;
  stdout(): string;
  stderr(): string;
  /** Resident memory in MB; null where there is no /proc. */
  residentMb(): number | null;
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

export interface Launch {
  /** The first of the three ports; free ones when left out. */
  readonly port?: number;
  /** Where `./data` is, or what the database is known by; a new temporary folder when left out. */
  readonly folder?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

const folders = new Set<string>();

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-e2e-'));
  folders.add(folder);
  return folder;
}

const databases = new Map<string, FreshDatabase>();

/** Where the tests run on MongoDB, every folder has a database beside it, which the next start in the same folder finds again. */
function storeBeside(folder: string): Readonly<Record<string, string>> {
  const database = databases.get(folder) ?? freshMongo();
  if (database === null) return {};
  databases.set(folder, database);
  return { DRAWBRIDGE_STORE: database.store };
}

/** Removes every folder `temporaryFolder` made, and the databases beside them: for afterAll, when no product runs in them. */
export async function removeTemporaryFolders(): Promise<void> {
  await Promise.all([...databases.values()].map((database) => database.drop()));
  databases.clear();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

interface Run {
  readonly child: ChildProcess;
  readonly startedAt: number;
  readonly exited: Promise<Exit>;
  stdout: string;
  stderr: string;
}

/** The environment of a stranger's shell: nothing of the test run's own configuration reaches the product. */
function environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...more };
}

function launch(folder: string, args: readonly string[], env: Readonly<Record<string, string>>): Run {
  if (!existsSync(mainModule)) throw new Error(`the product is not built: ${mainModule}`);
  const startedAt = Date.now();
  const child = spawn(process.execPath, [mainModule, ...args], {
    cwd: folder,
    env: environment({ ...storeBeside(folder), ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, afterMs: Date.now() - startedAt });
    });
  });
  const run: Run = { child, startedAt, exited, stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (run.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (run.stderr += text));
  return run;
}

/** Runs the product where it is expected to end by itself. */
export async function runProduct({ folder = temporaryFolder(), args = [], env = {} }: Launch = {}): Promise<
  Exit & { readonly stdout: string; readonly stderr: string }
> {
  const run = launch(folder, args, env);
  const timer = setTimeout(() => run.child.kill('SIGKILL'), longestRun);
  const exit = await run.exited;
  clearTimeout(timer);
  return { ...exit, stdout: run.stdout, stderr: run.stderr };
}

const isReady = (value: unknown): value is Ready => (value as Ready | null)?.ready === true;

function readyIn(stdout: string): Ready | null {
  const end = stdout.lastIndexOf('\n');
  const last = stdout.slice(stdout.lastIndexOf('\n', end - 1) + 1, end);
  try {
    const value: unknown = end === -1 ? null : JSON.parse(last);
    return isReady(value) ? value : null;
  } catch {
    return null;
  }
}

async function untilReady(run: Run): Promise<Ready> {
  const state: { exit: Exit | null } = { exit: null };
  void run.exited.then((exit) => (state.exit = exit));
  for (;;) {
    const ready = readyIn(run.stdout);
    if (ready !== null) return ready;
    if (state.exit !== null) throw new Error(`the product ended (${state.exit.code}) before it was ready: ${run.stderr}`);
    if (Date.now() - run.startedAt > longestStart) {
      run.child.kill('SIGKILL');
      throw new Error(`the product was not ready in ${longestStart} ms: ${run.stdout}${run.stderr}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** VmRSS in MB; null where there is no /proc. */
export function residentMb(pid: number): number | null {
  const path = `/proc/${pid}/status`;
  const kilobytes = existsSync(path) ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 102.4) / 10;
}

/** Starts the product as a person would and waits for its ready line. */
export async function startProduct({ port, folder = temporaryFolder(), args = [], env = {} }: Launch = {}): Promise<Product> {
  const first = port ?? (await freePorts());
  const run = launch(folder, args, { PORT: String(first), ...env });
  const ready = await untilReady(run);
  const readyAfterMs = Date.now() - run.startedAt;
  return {
    ...ready,
    port: first,
    folder,
    readyAfterMs,
    stdout: () => run.stdout,
    stderr: () => run.stderr,
    residentMb: () => residentMb(ready.pid),
    stop: async (signal = 'SIGTERM') => {
      const askedAt = Date.now();
      run.child.kill(signal);
      return { ...(await run.exited), afterMs: Date.now() - askedAt };
    },
  };
}

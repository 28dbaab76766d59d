import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Usage } from './probe.ts';
import { requestText, Wire } from './wire.ts';

/** A measured program in a process of its own. */
export interface Served {
  readonly port: number;
  /** Milliseconds from its start to its first answer. */
  readonly startedAfter: number;
  usage(): Promise<Usage>;
  /** Asks the program itself for something, over the channel. */
  ask<Answer>(question: Readonly<Record<string, unknown>>): Promise<Answer>;
  stop(): Promise<void>;
}

export const compiled = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const onPath = (name: string): string | null =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path)) ?? null;

export const nginxPath = (): string | null => onPath('nginx') ?? (existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : null);
export const canPin = (): boolean => process.platform === 'linux' && onPath('taskset') !== null;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  /** A path that answers once the program is up. */
  readonly path: string;
  /** The core it stays on. */
  readonly core: 0 | 1;
  /** Where it runs, and where what it says on stderr is kept. */
  readonly folder: string;
  /** False for a program without our probe: its processor time is read from /proc. */
  readonly isProbed?: boolean;
}

/** A compiled file of ours, with the probe in front. */
export const nodeProgram = (
  file: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Pick<Program, 'command' | 'args'> => ({
  command: process.execPath,
  args: ['--disable-warning=ExperimentalWarning', ...flags, '--import', new URL('./probe.js', import.meta.url).href, file, ...args],
});

/** Processor time of one process by the kernel's count of hundredths of a second. proc(5). */
function usageFromProc(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { cpu: ticks * 10_000, rssMb: Math.round((Number(fields[21]) * 4096) / 2 ** 20), loopP99: Number.NaN };
}

async function firstAnswer({ port, path }: Program, failed: () => Error | null): Promise<void> {
  const deadline = performance.now() + 30_000;
  const request = requestText('GET', path, `127.0.0.1:${port}`);
  while (performance.now() < deadline) {
    const error = failed();
    if (error !== null) throw error;
    const wire = new Wire(port);
    const status = await wire.send(request).then(
      (answer) => answer.status,
      () => 0,
    );
    wire.close();
    if (status > 0 && status < 500) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`nothing answered at port ${port} within 30 s`);
}

function channelOf(child: ChildProcess) {
  const waiting = new Map<number, (answer: unknown) => void>();
  let last = 0;
  child.on('message', ({ id, answer }: { id: number; answer: unknown }) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  return <Answer>(question: Readonly<Record<string, unknown>>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const id = (last += 1);
      waiting.set(id, resolve as (answer: unknown) => void);
      child.once('exit', () => reject(new Error('the process ended before it answered')));
      child.send({ ...question, id }, (error) => {
        if (error !== null) reject(error);
      });
    });
}

/** Starts a program on its core and waits for its first answer. */
export async function launch(program: Program): Promise<Served> {
  const { command, args, core, isProbed = true } = program;
  const [file, ...all] = canPin() ? ['taskset', '-c', String(core), command, ...args] : [command, ...args];
  const began = performance.now();
  const said = join(program.folder, `${program.port}.log`);
  const log = openSync(said, 'w');
  const child = spawn(file ?? command, all, {
    cwd: program.folder,
    stdio: isProbed ? ['ignore', 'ignore', log, 'ipc'] : ['ignore', 'ignore', log],
  });
  closeSync(log);
  child.setMaxListeners(0);
  running.add(child);
  let failure: Error | null = null;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => (failure = error));
    child.once('exit', (code, signal) => {
      running.delete(child);
      failure ??= new Error(
        `${program.command} ${args.at(-1) ?? ''} ended with ${code ?? signal}: ${readFileSync(said, 'utf8').slice(-2000)}`,
      );
      resolve();
    });
  });
  await firstAnswer(program, () => failure);
  const ask = channelOf(child);
  return {
    port: program.port,
    startedAfter: performance.now() - began,
    usage: async () => (isProbed ? ask<Usage>({ ask: 'usage' }) : usageFromProc(child.pid ?? 0)),
    ask,
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

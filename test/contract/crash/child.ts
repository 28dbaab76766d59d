import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A script of this folder in a process of its own, with what it said so far. */
export interface Child {
  readonly process: ChildProcess;
  /** Whole lines only. */
  readonly lines: readonly string[];
  /** What it wrote to stderr. */
  readonly complaints: readonly string[];
  /** The first line with this beginning, said or to come; rejects when the child ends without it. */
  line(beginning: string): Promise<string>;
  /** The exit code, null after a signal. */
  readonly ended: Promise<number | null>;
}

/** `prefix` is a command that runs the rest of its arguments. */
export function startChild(script: string, args: readonly string[], prefix: readonly string[] = []): Child {
  const file = fileURLToPath(new URL(`./${script}.js`, import.meta.url));
  const [command, ...rest] = [...prefix, process.execPath, file, ...args] as [string, ...string[]];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const complaints: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  const reader = createInterface({ input: child.stdout });
  let unfinished = '';
  child.stdout.on('data', (chunk: Buffer) => (unfinished = chunk.toString().split('\n').at(-1) ?? ''));
  reader.on('line', (line) => lines.push(line));
  const ended = Promise.all([once(child, 'close'), once(reader, 'close')]).then(([[code]]) => {
    // Readline gives the cut-off last line too; it acknowledges nothing.
    if (unfinished !== '') lines.pop();
    return code as number | null;
  });
  const line = (beginning: string): Promise<string> => lineOf(lines, ended, beginning, complaints);
  return { process: child, lines, complaints, line, ended };
}

async function lineOf(
  lines: readonly string[],
  ended: Promise<unknown>,
  beginning: string,
  complaints: readonly string[],
): Promise<string> {
  let over = false;
  void ended.then(() => (over = true));
  for (;;) {
    const found = lines.find((line) => line.startsWith(beginning));
    if (found !== undefined) return found;
    if (over) throw new Error(`the child ended without "${beginning}"; it said: ${[...lines.slice(-5), ...complaints].join(' | ')}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Kills it, unless it has ended, and waits for its end. */
export async function endChild(child: Child): Promise<void> {
  child.process.kill('SIGKILL');
  await child.ended;
}

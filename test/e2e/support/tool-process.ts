import { spawn } from 'node:child_process';
import { consent } from '../../support/client.ts';
import type { Consenting } from '../../support/client.ts';
import { Browser } from '../../support/browser.ts';

export interface Tool {
  /** What it has written so far, on both streams. */
  output(): string;
  /** What of its output the pattern captures, as soon as it does. */
  says(pattern: RegExp, withinMs?: number): Promise<string>;
  /** Its exit code, once it has ended by itself. */
  ended(withinMs?: number): Promise<number | null>;
  write(line: string): void;
  stop(): Promise<void>;
}

/** A program of test/tools beside the product; it never outlives the test that stops it. */
export function startTool(command: string, args: readonly string[], { cwd, env }: { cwd: string; env?: Record<string, string> }): Tool {
  const child = spawn(command, args, { cwd, env: { PATH: process.env['PATH'], ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  const note = (text: string) => (output += text);
  child.stdout.setEncoding('utf8').on('data', note);
  child.stderr.setEncoding('utf8').on('data', note);
  child.stdin.on('error', () => null);
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      note(String(error));
      resolve(null);
    });
    child.once('close', resolve);
  });
  const late = (what: string, ms: number) =>
    new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`${what} did not happen within ${ms} ms; it said: ${output}`)), ms).unref();
    });

  async function says(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(output);
      if (found !== null) return found[1] ?? found[0];
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode} before it said ${pattern.source}: ${output}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  return {
    output: () => output,
    says: (pattern, withinMs = 20_000) => Promise.race([says(pattern), late(pattern.source, withinMs)]),
    ended: (withinMs = 20_000) => Promise.race([exited, late('its end', withinMs)]),
    write: (line) => child.stdin.write(`${line}\n`),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}

/** A person answers what the program opened; the answer is brought to wherever the program listens for it. */
export async function answerFor(url: URL, how: Consenting = {}): Promise<{ to: URL; status: number }> {
  const address = url.searchParams.get('redirect_uri') ?? '';
  const browser = new Browser({ portsShareCookies: true, stopAt: ({ href }) => address !== '' && href.startsWith(address) });
  const to = await consent(browser, url, how);
  const { status } = await fetch(to);
  return { to, status };
}

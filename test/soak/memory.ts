import { WebSocket } from 'undici';
import { residentMb } from '../support/product-process.ts';

/** One look at a process: what the system counts, and what is left in its heap when everything unreachable is gone. */
export interface Look {
  /** VmRSS, before anything was collected; null where there is no /proc. */
  readonly residentMb: number | null;
  readonly heapMb: number;
  /** Buffers and whatever else hangs on the heap from outside. */
  readonly externalMb: number;
}

export interface Memory {
  look(): Promise<Look>;
  close(): void;
}

/** What a process has to be started with to be looked into. */
export const inspected = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

const mb = (bytes: number) => bytes / 1_048_576;

interface Answer {
  readonly id: number;
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/** Looks into a process of ours through its debugger's door, whose address it wrote to stderr. */
export async function openMemory(pid: number, stderr: string): Promise<Memory> {
  const url = /^Debugger listening on (ws:\/\/\S+)$/m.exec(stderr)?.[1];
  if (url === undefined) throw new Error(`the process cannot be looked into: ${stderr.slice(0, 400)}`);
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error('the debugger does not answer')));
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let asked = 0;
  const ask = async (method: string, params: unknown = {}): Promise<Answer> => {
    const id = (asked += 1);
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    return answered;
  };
  return {
    look: async () => {
      const resident = residentMb(pid);
      // Twice: what finalisers let go of is gone only after the second.
      for (let times = 0; times < 2; times += 1) await ask('HeapProfiler.collectGarbage');
      const { result } = await ask('Runtime.evaluate', { expression: 'process.memoryUsage()', returnByValue: true });
      const usage = result?.result?.value as NodeJS.MemoryUsage;
      return { residentMb: resident, heapMb: mb(usage.heapUsed), externalMb: mb(usage.external) };
    },
    close: () => socket.close(),
  };
}

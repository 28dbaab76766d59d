/** Put before the writer in its thread: an insert of `die` ends it, one of `stall` blocks the thread for a while. */
import { parentPort } from 'node:worker_threads';
import type { Request } from '../../../src/stores/sqlite/messages.ts';

export const STALL_MS = 1_500;

parentPort?.on('message', (request: Request) => {
  const asked = (id: string): boolean => request !== 'close' && request.some((operation) => 'id' in operation && operation.id === id);
  if (asked('die')) process.exit(7);
  if (asked('stall')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS);
});

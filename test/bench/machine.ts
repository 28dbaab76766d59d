import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { median } from './measure.ts';
import { canPin } from './processes.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  /** Server on one core, load on another. */
  readonly isPinned: boolean;
  /** Milliseconds to have 4 KiB on stable storage. */
  readonly syncMs: number;
  /** Load of the last minute before the run: what else the machine was doing. */
  readonly loadBefore: number;
}

function syncMs(folder: string): number {
  const path = join(folder, 'sync-probe');
  const file = openSync(path, 'w');
  const times = Array.from({ length: 50 }, () => {
    const began = performance.now();
    writeSync(file, Buffer.alloc(4096));
    fsyncSync(file);
    return performance.now() - began;
  });
  closeSync(file);
  rmSync(path);
  return median(times);
}

export const describeMachine = (folder: string): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: Math.max(availableParallelism(), cpus().length),
  memoryGb: Math.round(totalmem() / 2 ** 30),
  system: `${type()} ${release()}`,
  node: process.versions.node,
  isPinned: canPin(),
  syncMs: syncMs(folder),
  loadBefore: loadavg()[0] ?? 0,
});

/** Loaded into every measured process beside its own program: answers over the channel of its parent what the process has used. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolution = 5;
const loop = monitorEventLoopDelay({ resolution });

export interface Usage {
  /** Microseconds, all threads, user and system. */
  readonly cpu: number;
  readonly rssMb: number;
  /** Milliseconds the event loop was late, 99th percentile since it was last asked. */
  readonly loopP99: number;
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const loopP99 = Math.max(0, loop.percentile(99) / 1e6 - resolution);
  loop.reset();
  return { cpu: user + system, rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20), loopP99 };
}

if (process.send !== undefined) {
  loop.enable();
  process.on('message', (message: { ask?: string; id?: number }) => {
    if (message.ask === 'usage') process.send?.({ id: message.id, answer: usage() });
  });
  process.channel?.unref();
}

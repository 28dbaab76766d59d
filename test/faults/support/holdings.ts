import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Cluster } from './cluster.ts';
import type { Holdings } from './evidence.ts';

const megabytes = (bytes: number) => Math.round(bytes / 1024 / 1024);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is really held on to: what can be given back is given back first, since a process that has run much else lets a lot of it lie. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The most connections an instance may have to its store: the pool, and the driver's own. */
export const mostConnections = 32 + 3;

/** What this process holds on to while a cluster runs in it. Each connection through a link is five sockets here, and is counted by itself. */
export function holdingsHere({ instances }: Pick<Cluster, 'instances'>): Holdings {
  const active = process.getActiveResourcesInfo();
  const count = (name: string) => active.filter((each) => each === name).length;
  const links = instances.map(({ link }) => link.connections());
  const all = links.reduce((sum, each) => sum + each, 0);
  return {
    sockets: count('TCPSocketWrap') - 5 * all,
    servers: count('TCPServerWrap'),
    timers: count('Timeout'),
    connections: Math.max(...links),
    megabytes: megabytes(heldBytes()),
  };
}

/** What another process holds on to; nothing where there is no /proc. */
export function holdingsOf(pid: number): Holdings {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return {};
  const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))?.[1] ?? 0);
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, megabytes: Math.round(kilobytes / 1024) };
}

/** By how much each number may be higher after a fault: clients' idle connections come and go, and memory is given back late. */
export const usualAllowance: Holdings = {
  sockets: 16,
  servers: 0,
  timers: 12,
  connections: mostConnections,
  descriptors: 48,
  megabytes: 200,
};

/** Waits until everything is within its allowance again, or for as long as that may take. */
export async function settled(before: Holdings, now: () => Holdings, allowance = usualAllowance, longestMs = 20_000): Promise<Holdings> {
  for (const since = Date.now(); ;) {
    const held = now();
    const isBack = Object.entries(held).every(([what, count]) => count <= (before[what] ?? 0) + (allowance[what] ?? 0));
    if (isBack || Date.now() - since > longestMs) return held;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

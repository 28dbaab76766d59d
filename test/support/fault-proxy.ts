import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * pass; refuse (nobody listens); hang (accepted, never answered); rst (reset at once); delay and throttle (slow by time or by
 * bytes); cut (half a reply, then nothing more); swallow (the request is delivered, its reply is not).
 */
export type FaultMode = 'pass' | 'refuse' | 'hang' | 'rst' | 'delay' | 'throttle' | 'cut' | 'swallow';

export interface FaultSettings {
  /** For delay: how long each piece is held. */
  readonly ms?: number;
  /** For throttle. */
  readonly bytesPerSecond?: number;
  /** For swallow: the connection is reset when the reply would have come, so the caller knows at once that it has none. */
  readonly resets?: boolean;
}

export interface FaultProxy {
  /** 127.0.0.1 and the port, which stays the same through every mode. */
  readonly host: string;
  readonly port: number;
  /** Switches; live connections feel the fault, and end when it does. */
  set(mode: FaultMode, settings?: FaultSettings): Promise<void>;
  /** Leads new connections to another server. */
  aim(target: string): void;
  /** How many connections are open through it. */
  connections(): number;
  close(): Promise<void>;
}

const TICK_MS = 50;

/** A TCP proxy in front of `target` (host:port) that breaks on demand. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let [targetHost = '', targetPort = ''] = target.split(':');
  const pairs = new Set<readonly [Socket, Socket]>();
  let mode: FaultMode = 'pass';
  let settings: FaultSettings = {};

  const reset = (sockets: readonly Socket[]): void => sockets.forEach((socket) => socket.resetAndDestroy());
  const resetAll = (): void => pairs.forEach(reset);

  /** One direction of one connection. What comes is dealt with in its order, each piece in the mode of the moment. */
  function carry(from: Socket, to: Socket, pair: readonly [Socket, Socket], isReply: boolean): void {
    let queue = Promise.resolve();
    from.on('data', (piece: Buffer) => {
      queue = queue.then(() => deal(piece));
    });
    async function deal(piece: Buffer): Promise<void> {
      if (mode === 'hang' || (mode === 'swallow' && isReply && settings.resets !== true)) return;
      if (mode === 'rst' || (mode === 'swallow' && isReply)) return reset(pair);
      if (mode === 'cut' && isReply) {
        to.write(piece.subarray(0, Math.ceil(piece.length / 2)), () => reset(pair));
        return;
      }
      if (mode === 'delay') await pause(settings.ms ?? 1_000);
      if (mode === 'throttle') return trickle(piece, to, settings.bytesPerSecond ?? 100);
      if (!to.destroyed) to.write(piece);
    }
  }

  const server = createServer((near) => {
    if (mode === 'rst') return void near.resetAndDestroy();
    const far = connect({ host: targetHost, port: Number(targetPort), noDelay: true });
    near.setNoDelay(true);
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
    carry(near, far, pair, false);
    carry(far, near, pair, true);
  });
  await listen(server, 0);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  return {
    host: `127.0.0.1:${port}`,
    port,
    set: async (next, chosen = {}) => {
      const before = mode;
      mode = next;
      settings = chosen;
      // What a fault held back must not arrive later, out of its time.
      if (before !== 'pass' || next === 'refuse' || next === 'rst') resetAll();
      if (next === 'refuse' && server.listening) await stop(server);
      if (next !== 'refuse' && !server.listening) await listen(server, port);
    },
    aim: (next) => {
      [targetHost = '', targetPort = ''] = next.split(':');
    },
    connections: () => pairs.size,
    close: async () => {
      resetAll();
      if (server.listening) await stop(server);
    },
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const listen = (server: Server, port: number): Promise<void> => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
const stop = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));

async function trickle(piece: Buffer, to: Socket, bytesPerSecond: number): Promise<void> {
  const step = Math.max(1, Math.floor((bytesPerSecond * TICK_MS) / 1_000));
  for (let at = 0; at < piece.length && !to.destroyed; at += step) {
    to.write(piece.subarray(at, at + step));
    await pause(TICK_MS);
  }
}

import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';

/** A listening server whose answers come from `serve` once there is something to serve. */
export interface Listening {
  readonly port: number;
  serve(listener: RequestListener): void;
  /** Takes no new connections, ends idle ones at once and others with their answer; after `grace` ms calls `late` and ends the rest. */
  close(grace: number, late?: () => void): Promise<void>;
}

/** Milliseconds for what is said at the very end to leave the machine. */
const LAST_WORDS = 250;
const SWEEP_MS = 20;

const notYet: RequestListener = (_req, res) => {
  res.writeHead(503, { 'Retry-After': '1', 'Content-Type': 'application/json' }).end('{"error":"temporarily_unavailable"}');
};

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Errors that say the machine has no such address, rather than that somebody else has the port. */
const noSuchAddress = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/**
 * Takes the port first, so that a second start ends here and touches no data. On loopback `localhost` means two addresses: both are
 * taken, where the machine has both, so that nobody else answers under our name.
 */
export async function listen({ host, port }: { host: string; port: number }): Promise<Listening> {
  let current = notYet;
  const answer: RequestListener = (req, res) => current(req, res);
  const open = () => createServer({ requestTimeout: 60_000, headersTimeout: 20_000, keepAliveTimeout: 65_000 }, answer);
  const servers = [open()];
  const bound = await bind(servers[0] ?? open(), host === 'localhost' ? '127.0.0.1' : host, port);
  if (host === 'localhost') {
    const second = open();
    try {
      await bind(second, '::1', bound);
      servers.push(second);
    } catch (error) {
      if (!noSuchAddress.has((error as NodeJS.ErrnoException).code ?? '')) {
        servers[0]?.close();
        throw error;
      }
    }
  }
  return {
    port: bound,
    serve: (listener) => {
      current = listener;
    },
    close: async (grace, late = () => undefined) => {
      const closed = Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
      const endIdle = () => servers.forEach((server) => server.closeIdleConnections());
      endIdle();
      // A connection that has had its answer is idle some moments later.
      const sweeping = setInterval(endIdle, SWEEP_MS);
      const timers = [
        setTimeout(late, grace),
        setTimeout(() => servers.forEach((server) => server.closeAllConnections()), grace + LAST_WORDS),
      ];
      await closed;
      clearInterval(sweeping);
      timers.forEach(clearTimeout);
    },
  };
}

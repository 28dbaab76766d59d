import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server that only this computer can reach, on both loopback addresses if it has both. */
export interface Loopback {
  readonly port: number;
  serve(listener: RequestListener): void;
  close(): Promise<void>;
}

const attempts = 5;

function listen(host: string, port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.removeListener('error', reject);
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const codeOf = (error: unknown): unknown => (typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined);

/**
 * Opens `port` (0 takes a free one) for the name `localhost`, which may resolve to either address family.
 * A computer without IPv6 is served on IPv4 alone; a stranger on the IPv6 side of the port is an error, because half of the
 * clients would talk to that stranger.
 */
export async function listenOnLoopback(port: number): Promise<Loopback> {
  for (let attempt = 1; ; attempt += 1) {
    const first = await listen('127.0.0.1', port);
    const bound = (first.address() as AddressInfo).port;
    const servers = [first];
    try {
      servers.push(await listen('::1', bound));
    } catch (error) {
      if (codeOf(error) === 'EADDRINUSE') {
        await close(first);
        if (port === 0 && attempt < attempts) continue;
        throw error;
      }
    }
    return {
      port: bound,
      serve: (listener) => servers.forEach((server) => server.on('request', listener)),
      close: async () => {
        await Promise.all(servers.map(close));
      },
    };
  }
}

/** The same on one address of choice, such as that of a container; without one, on loopback. */
export async function listenOn(host: string | undefined, port: number): Promise<Loopback> {
  if (host === undefined) return listenOnLoopback(port);
  const server = await listen(host, port);
  return {
    port: (server.address() as AddressInfo).port,
    serve: (listener) => server.on('request', listener),
    close: () => close(server),
  };
}

import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';

/** A listening server whose answers come from `serve` once there is something to serve. */
export interface Listening {
  readonly port: number;
  serve(listener: RequestListener): void;
  /** Ends idle connections at once, gives running requests `grace` ms, then ends the rest. */
  close(grace: number): Promise<void>;
}

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

/** Takes the port first, so that a second start ends here and touches no data. */
export async function listen({ host, port }: { host: string; port: number }): Promise<Listening> {
  let current = notYet;
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 20_000, keepAliveTimeout: 65_000 }, (req, res) => {
    current(req, res);
  });
  const bound = await bind(server, host, port);
  return {
    port: bound,
    serve: (listener) => {
      current = listener;
    },
    close: async (grace) => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), grace);
      await closed;
      clearTimeout(timer);
    },
  };
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answering = (req: IncomingMessage, res: ServerResponse) => void;

/** A web server for metadata documents on loopback; what it does not have is 404, and every request is remembered. */
export interface DocumentHost {
  readonly origin: string;
  /** Path to document, or to whoever answers. */
  readonly documents: Map<string, Readonly<Record<string, unknown>> | Answering>;
  /** Paths asked for, in order. */
  readonly hits: string[];
  close(): Promise<void>;
}

export async function openDocumentHost(): Promise<DocumentHost> {
  const documents: DocumentHost['documents'] = new Map();
  const hits: string[] = [];
  const server = createServer((req, res) => {
    const path = req.url ?? '';
    hits.push(path);
    const known = documents.get(path);
    if (known === undefined) res.writeHead(404).end();
    else if (typeof known === 'function') known(req, res);
    else res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(known));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    documents,
    hits,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request exactly as it reached the upstream. */
export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** Resolves when the exchange ended; true when the answer had not been finished. */
  readonly broken: Promise<boolean>;
}

export type Respond = (request: Recorded, res: ServerResponse) => void;

/** An unprotected MCP server that remembers every byte it was sent. */
export interface RecorderMcp {
  readonly url: string;
  readonly requests: Recorded[];
  /** Takes over from the canned answers until `reset`. */
  respond: Respond | null;
  /** Canned answers come as an event stream. */
  streaming: boolean;
  reset(): void;
  close(): Promise<void>;
}

export const RECORDED_TOOLS = ['whoami', 'list_notes', 'add_note', 'export_notes', 'delete_notes', 'secret_backdoor'];
export const UPSTREAM_SESSION = 'upstream-session-1';

/** All values of one header of a recorded request. */
export function headerValues(request: Recorded | undefined, name: string): string[] {
  const raw = request?.rawHeaders ?? [];
  return raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === name.toLowerCase());
}

export function sendJson(res: ServerResponse, value: unknown, status = 200, headers: Record<string, string> = {}): void {
  res.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value));
}

function cannedResult(method: string): Record<string, unknown> {
  if (method === 'tools/list') {
    const tools = RECORDED_TOOLS.map((name) => ({ name, inputSchema: { type: 'object' } }));
    return { tools, ttlMs: 60_000, cacheScope: 'public' };
  }
  if (method === 'initialize') {
    return { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'recorder', version: '1' } };
  }
  return { content: [{ type: 'text', text: 'done' }] };
}

export async function openRecorder(): Promise<RecorderMcp> {
  const requests: Recorded[] = [];

  function canned({ method, body }: Recorded, res: ServerResponse): void {
    if (method === 'GET') {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write(': hello\n\n');
      return;
    }
    const message = body === '' ? {} : (JSON.parse(body) as { id?: unknown; method?: string });
    if (method === 'DELETE' || message.id === undefined || message.method === undefined) {
      res.writeHead(method === 'DELETE' ? 200 : 202).end();
      return;
    }
    const answer = { jsonrpc: '2.0', id: message.id, result: cannedResult(message.method) };
    const session = message.method === 'initialize' ? { 'Mcp-Session-Id': UPSTREAM_SESSION } : {};
    if (!recorder.streaming) return sendJson(res, answer, 200, session as Record<string, string>);
    res.writeHead(200, { 'Content-Type': 'text/event-stream', ...session });
    res.end(`event: message\r\nid: 1\r\ndata: ${JSON.stringify(answer)}\r\n\r\n`);
  }

  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const request: Recorded = {
        method: req.method ?? '',
        url: req.url ?? '',
        rawHeaders: req.rawHeaders,
        body: Buffer.concat(chunks).toString('utf8'),
        broken: once(res, 'close').then(() => !res.writableFinished),
      };
      requests.push(request);
      (recorder.respond ?? canned)(request, res);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const recorder: RecorderMcp = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/upstream/mcp`,
    requests,
    respond: null,
    streaming: false,
    reset() {
      requests.length = 0;
      recorder.respond = null;
      recorder.streaming = false;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return recorder;
}

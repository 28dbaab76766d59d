/** Serves the sample pages on loopback with the headers the real server sends, or without any policy at all. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { passkeyScript } from '../../src/pages/passkey-script.ts';
import { stylesheet } from '../../src/pages/stylesheet.ts';
import { catalogue } from './pages-catalogue.ts';

const policy = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const logo = `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="22"><circle cx="11" cy="11" r="9" fill="#c8452c"/><rect x="28" y="5" width="60" height="12" fill="#222"/></svg>`;

export interface PagesServer {
  origin: string;
  /** Paths that were posted to. */
  posts: string[];
  close: () => Promise<void>;
}

export async function servePages(withPolicy: boolean): Promise<PagesServer> {
  const posts: string[] = [];
  const server = createServer((request, response) => {
    answer(request, response, posts, withPolicy);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${String(port)}`, posts, close: () => closed(server) };
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });

function answer(request: IncomingMessage, response: ServerResponse, posts: string[], withPolicy: boolean): void {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  if (request.method === 'POST') posts.push(path);
  const page = catalogue.find(({ name }) => path === `/${name}`);
  const hasScript = page?.markup.includes(passkeyScript.path) === true;
  if (withPolicy) response.setHeader('content-security-policy', hasScript ? `${policy}; script-src 'self'` : policy);
  if (path === stylesheet.path) send(response, 'text/css', stylesheet.bytes);
  else if (path === passkeyScript.path) send(response, 'text/javascript', passkeyScript.bytes);
  else if (path.endsWith('.svg')) send(response, 'image/svg+xml', logo);
  else if (page !== undefined) send(response, 'text/html; charset=utf-8', page.markup);
  else if (path === '/favicon.ico') response.writeHead(204).end();
  else response.writeHead(404).end();
}

const send = (response: ServerResponse, type: string, body: string | Buffer): void => {
  response.setHeader('content-type', type);
  response.end(body);
};

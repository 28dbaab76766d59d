import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { Side } from '../measure.ts';
import { freePorts } from '../../support/free-ports.ts';
import { compiled, launch, nginxPath, nodeProgram } from '../processes.ts';
import type { Served } from '../processes.ts';
import { requestText } from '../wire.ts';
import { repeated } from './supply.ts';
import { toolCall } from './wanted.ts';

export const proxyName = 'undici proxy';
export const nginxName = 'nginx auth_request';

/** The MCP server behind every gateway; on the core of the load. */
export async function startUpstream(folder: string): Promise<Served> {
  const port = await freePorts(1);
  return launch({ ...nodeProgram(compiled('./contenders/null-upstream.js'), [String(port)]), port, path: '/', core: 1, folder });
}

const call = (port: number) =>
  repeated(
    requestText(
      'POST',
      '/mcp',
      `127.0.0.1:${port}`,
      { Authorization: `Bearer ${'a'.repeat(700)}`, Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' },
      toolCall,
    ),
  );

export async function startProxy(folder: string, upstream: number): Promise<Side> {
  const port = await freePorts(1);
  const served = await launch({
    ...nodeProgram(compiled('./contenders/proxy-server.js'), [String(port), String(upstream)]),
    port,
    path: '/',
    core: 0,
    folder,
  });
  return { name: proxyName, served, exchange: call(port) };
}

const nginxConfiguration = (folder: string, port: number, upstream: number, judge: number) => `
daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log crit;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 100000000;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  proxy_cache_path ${folder}/cache keys_zone=answers:1m;
  upstream mcp { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / { return 204; }
    location = /mcp { auth_request /judge; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://mcp; }
    location = /judge {
      internal; proxy_pass http://127.0.0.1:${judge}; proxy_pass_request_body off; proxy_set_header Content-Length "";
      proxy_cache answers; proxy_cache_key $http_authorization; proxy_cache_valid 200 10m;
    }
  }
}
`;

/** nginx asking somebody else about each token and remembering the answer; the somebody is asked once and not counted. */
export async function startNginx(folder: string, upstream: number): Promise<(Side & { readonly judge: Server }) | null> {
  const nginx = nginxPath();
  if (nginx === null || process.platform !== 'linux') return null;
  const judge = createServer((_req, res) => void res.writeHead(200, { 'Cache-Control': 'max-age=600' }).end('yes'));
  await new Promise<void>((resolve) => judge.listen(0, '127.0.0.1', resolve));
  const address = judge.address();
  const port = await freePorts(1);
  const home = join(folder, 'nginx');
  mkdirSync(home, { recursive: true });
  const file = join(home, 'nginx.conf');
  writeFileSync(file, nginxConfiguration(home, port, upstream, typeof address === 'object' && address !== null ? address.port : 0));
  const served = await launch({ command: nginx, args: ['-p', home, '-c', file], port, path: '/', core: 0, isProbed: false, folder: home });
  return { name: nginxName, served, exchange: call(port), judge };
}

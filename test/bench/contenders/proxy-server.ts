/** A proxy and nothing else: reads the body once, dispatches it with undici, passes the answer on. The measure of our gateway. */
import { createServer } from 'node:http';
import { Agent } from 'undici';

const [port, upstream] = process.argv.slice(2).map(Number);
const agent = new Agent();
const origin = `http://127.0.0.1:${upstream}`;

createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    const { accept = '*/*', 'content-type': type = 'application/json', authorization = '' } = req.headers;
    const options = {
      origin,
      path: req.url ?? '/',
      method: req.method === 'POST' ? ('POST' as const) : ('GET' as const),
      headers: ['accept', accept, 'content-type', type, 'authorization', authorization],
      body: chunks.length === 0 ? null : Buffer.concat(chunks),
    };
    agent.dispatch(options, {
      onRequestStart: () => {},
      onResponseStart: (_controller, status, headers) => void res.writeHead(status, headers),
      onResponseData: (_controller, chunk) => void res.write(chunk),
      onResponseEnd: () => void res.end(),
      onResponseError: () => void res.destroy(),
    });
  });
}).listen(port, '127.0.0.1');

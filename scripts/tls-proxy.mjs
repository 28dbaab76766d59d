// A reverse proxy of the size a topology on one machine needs: ends TLS, deals requests out in turn, leaves out who is not ready.

import { Agent, request } from 'node:http';
import { createServer } from 'node:https';

const hopByHop = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);
const interval = 200;

/** The headers as they came, and who sent them; whatever the sender claimed of earlier hops stays to the left. */
function forwardedHeaders({ rawHeaders, headers, socket }) {
  const kept = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at].toLowerCase();
    if (!hopByHop.has(name) && name !== 'x-forwarded-for' && name !== 'x-forwarded-proto') kept.push(rawHeaders[at], rawHeaders[at + 1]);
  }
  const earlier = headers['x-forwarded-for'];
  const hops = earlier === undefined ? socket.remoteAddress : `${earlier}, ${socket.remoteAddress}`;
  const framing = headers['transfer-encoding'] === undefined ? [] : ['Transfer-Encoding', 'chunked'];
  return [...kept, ...framing, 'X-Forwarded-For', hops, 'X-Forwarded-Proto', 'https', 'Connection', 'close'];
}

function isReady(port, path) {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, timeout: 1_000 }, (answer) => resolve(answer.resume().statusCode === 200));
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

/** `upstreams` are ports on this machine; `readyPath`, when given, is asked of each again and again. */
export async function startProxy({ key, cert, port, host = '127.0.0.1', upstreams, readyPath = null }) {
  const agent = new Agent({ keepAlive: false });
  const unready = new Set();
  let turn = 0;

  const order = () => {
    turn = (turn + 1) % upstreams.length;
    const inTurn = [...upstreams.slice(turn), ...upstreams.slice(0, turn)];
    const ready = inTurn.filter((upstream) => !unready.has(upstream));
    return ready.length > 0 ? ready : inTurn;
  };

  /** Nothing of the body is sent before somebody has taken the connection, so until then the next one can be asked. */
  function forward(req, res, [upstream, ...others]) {
    const headers = forwardedHeaders(req);
    const sent = request({ agent, host: '127.0.0.1', port: upstream, method: req.method, path: req.url, headers }, (answer) => {
      res.writeHead(
        answer.statusCode,
        answer.rawHeaders.filter((_, at, all) => !hopByHop.has(all[at - (at % 2)].toLowerCase())),
      );
      res.flushHeaders();
      answer.pipe(res);
      answer.on('error', () => res.destroy());
    });
    let isTaken = false;
    sent.once('socket', (socket) => socket.once('connect', () => ((isTaken = true), req.pipe(sent))));
    sent.on('error', () => {
      if (!isTaken && others.length > 0) return forward(req, res, others);
      if (res.headersSent) return res.destroy();
      return res.writeHead(502, { 'Content-Type': 'text/plain' }).end('nobody answers\n');
    });
    res.once('close', () => sent.destroy());
  }

  const server = createServer({ key, cert }, (req, res) => forward(req, res, order()));
  await new Promise((resolve, reject) => server.once('error', reject).listen({ host, port }, resolve));
  const watch = async () => {
    for (const upstream of upstreams) {
      if (await isReady(upstream, readyPath)) unready.delete(upstream);
      else unready.add(upstream);
    }
  };
  const timer = readyPath === null ? null : setInterval(() => void watch(), interval);
  return {
    port: server.address().port,
    close: () => {
      clearInterval(timer);
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

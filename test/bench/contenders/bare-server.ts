/** The least that can be done over node:http: a refresh with a map and one signature, and bytes that are ready, in answer to everything else. */
import { createServer } from 'node:http';
import { familyId, readToken, tokensFor } from './family.ts';

const [port, count] = process.argv.slice(2).map(Number);
const generations = new Map(Array.from({ length: count ?? 0 }, (_, index) => [familyId(index), 1]));

const ready = Buffer.from(
  JSON.stringify({ keys: Array.from({ length: 2 }, (_, index) => ({ kid: `key-${index}`, x: 'x'.repeat(43), y: 'y'.repeat(43) })) }),
);
const fields = ['Content-Type', 'application/json', 'Cache-Control', 'public, max-age=300', 'Content-Length', String(ready.length)];

createServer((req, res) => {
  if (req.method === 'GET') {
    res.writeHead(200, fields).end(ready);
    return;
  }
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const token = readToken(form.get('refresh_token'));
    if (token === null || generations.get(token.id) !== token.generation) {
      res.writeHead(400, { 'Content-Type': 'application/json' }).end('{"error":"invalid_grant"}');
      return;
    }
    generations.set(token.id, token.generation + 1);
    const body = tokensFor(token.id, token.generation + 1, form.get('client_id') ?? '');
    res
      .writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'Content-Length': Buffer.byteLength(body) })
      .end(body);
  });
}).listen(port, '127.0.0.1');

/** The least a refresh can be: node:http, a map, one signature. */
import { createServer } from 'node:http';
import { familyId, readToken, tokensFor } from './family.ts';

const [port, count] = process.argv.slice(2).map(Number);
const generations = new Map(Array.from({ length: count ?? 0 }, (_, index) => [familyId(index), 1]));

createServer((req, res) => {
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

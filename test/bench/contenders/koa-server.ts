/** What a durable refresh can be at most with Koa and a router: a form, one row updated in place on stable storage, one signature. */
import { createServer } from 'node:http';
import { Worker } from 'node:worker_threads';
import Router from '@koa/router';
import Koa from 'koa';
import { readToken, tokensFor } from './family.ts';
import type { Step } from './family-writer.ts';

const [port = '', count = '', path = ''] = process.argv.slice(2);
const writer = new Worker(new URL('./family-writer.js', import.meta.url), { workerData: { path, count: Number(count) } });

let queue: { readonly step: Step; resolve(won: boolean): void }[] = [];
let isBusy = false;
let isDue = false;

/** What comes while a batch is being written goes into the next one. */
function dispatch(): void {
  isDue = false;
  if (isBusy || queue.length === 0) return;
  const batch = queue;
  queue = [];
  isBusy = true;
  writer.once('message', (won: boolean[]) => {
    isBusy = false;
    batch.forEach(({ resolve }, index) => resolve(won[index] === true));
    dispatch();
  });
  writer.postMessage(batch.map(({ step }) => step));
}

const advance = (step: Step): Promise<boolean> =>
  new Promise((resolve) => {
    queue.push({ step, resolve });
    if (isDue || isBusy) return;
    isDue = true;
    setImmediate(dispatch);
  });

const router = new Router();
router.get('/', (ctx) => {
  ctx.body = 'up';
});
router.post('/token', async (ctx) => {
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) chunks.push(chunk);
  const form = new URLSearchParams(Buffer.concat(chunks).toString());
  const token = readToken(form.get('refresh_token'));
  if (token === null || !(await advance(token))) {
    ctx.status = 400;
    ctx.body = { error: 'invalid_grant' };
    return;
  }
  ctx.set('Cache-Control', 'no-store');
  ctx.type = 'application/json';
  ctx.body = tokensFor(token.id, token.generation + 1, form.get('client_id') ?? '');
});

const app = new Koa();
app.use(router.routes());
const answer = app.callback();
writer.once('message', () => createServer((req, res) => void answer(req, res)).listen(Number(port), '127.0.0.1'));

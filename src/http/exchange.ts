import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../ports/log.ts';

/** Header fields as they leave, name and value in turn: what is written so is not looked at twice. */
export type Fields = readonly string[];

/** One request and its answer, as node's server gives them. */
export interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Its lines carry the id of this request. */
  readonly log: Log;
  /** That id, for whoever may quote it. */
  readonly requestId: string;
}

/** What looks at a request only. */
export type Incoming = Pick<Exchange, 'req'>;

/** What answers at one exact path. */
export type ExactRoute = readonly [path: string, answer: (exchange: Exchange) => void | Promise<void>];

/** The path as it was sent: nothing is decoded, joined or resolved before it is compared. */
export function pathOf({ req }: Incoming): string {
  const { url = '' } = req;
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** Writes a whole answer, unless one was begun already or nobody waits for it. */
export function send({ res }: Pick<Exchange, 'res'>, status: number, fields: Fields, body: Buffer | string = ''): void {
  if (res.headersSent || res.destroyed) return;
  // RFC 9110 §8.6: not in a 204, and in a 304 it would be that of another answer.
  const length = status === 204 || status === 304 ? [] : ['Content-Length', String(Buffer.byteLength(body))];
  res.writeHead(status, [...fields, ...length]);
  res.end(body);
}

const json = ['Content-Type', 'application/json; charset=utf-8'];

export function sendJson(exchange: Pick<Exchange, 'res'>, status: number, fields: Fields, body: unknown): void {
  send(exchange, status, [...fields, ...json], JSON.stringify(body));
}

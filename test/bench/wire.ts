import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  /** The head as it came, for the few who look for a field in it. */
  readonly head: string;
  readonly body: string;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export type Fields = Readonly<Record<string, string>>;

/** The bytes of one request of HTTP/1.1. RFC 9112 §3. */
export function requestText(method: string, target: string, host: string, headers: Fields = {}, body = ''): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = method === 'GET' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}${length}\r\n${body}`;
}

export const formText = (target: string, host: string, fields: Fields, headers: Fields = {}): string =>
  requestText(
    'POST',
    target,
    host,
    { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
    new URLSearchParams(fields).toString(),
  );

/** The first value of a header field; null when the answer has none. */
export function fieldOf({ head }: Answer, name: string): string | null {
  return new RegExp(`^${name}: *(.*?)\\r?$`, 'im').exec(head)?.[1] ?? null;
}

/** One connection kept open, one request at a time: as little work as a client can do, so that the load does not crowd out the server. */
export class Wire {
  readonly #port: number;
  #socket: Socket | null = null;
  #waiting: Waiting | null = null;
  #received: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.#port = port;
  }

  send(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting !== null) return reject(new Error('a request is under way on this connection'));
      this.#waiting = { resolve, reject };
      (this.#socket ??= this.#open()).write(request);
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #open(): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    const lost = (error: Error) => {
      if (this.#socket === socket) this.#socket = null;
      this.#received = Buffer.alloc(0);
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting?.reject(error);
    };
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', lost);
    socket.on('close', () => lost(new Error('the connection was closed before the answer was complete')));
    return socket;
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const answer = readAnswer(this.#received);
    if (answer === null) return;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = null;
    if (/\r\nconnection: close\r\n/i.test(answer.head)) this.close();
    waiting?.resolve(answer);
  }
}

/** A whole answer, or null when more is to come. RFC 9112 §6. */
function readAnswer(received: Buffer): Answer | null {
  const end = received.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const head = received.toString('latin1', 0, end + 4);
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const whole = end + 4 + Number(length);
    return received.length < whole ? null : { status, head, body: received.toString('utf8', end + 4, whole) };
  }
  if (status === 204 || status === 304) return { status, head, body: '' };
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) throw new Error('an answer without a length');
  const body = received.toString('latin1', end + 4);
  return body.endsWith('0\r\n\r\n') ? { status, head, body: unchunked(body) } : null;
}

function unchunked(text: string): string {
  let body = '';
  for (let at = 0; ;) {
    const line = text.indexOf('\r\n', at);
    const size = Number.parseInt(text.slice(at, line), 16);
    if (!(size > 0)) return body;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

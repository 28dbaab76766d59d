import type { RpcId } from '../domain/json-rpc.ts';
import { answer, beginEvents } from './answers.ts';
import type { ServerResponse } from './dependencies.ts';
import { eventReader, writeEvent } from './event-stream.ts';
import type { UpstreamMessage } from './upstream-messages.ts';

/** How one kind of answer is taken in; neither is called once the exchange is over. */
export interface Receiver {
  receive(chunk: Buffer): void;
  finish(): void;
}

/** What receivers need of the exchange they serve. */
export interface Line {
  readonly res: ServerResponse;
  /** Of the request, if it was one. */
  readonly id: RpcId | null;
  /** Largest answer, or event of a stream, in bytes. */
  readonly largest: number;
  /** Whether the answer with the request's id has gone out. */
  answered: boolean;
  read(text: string): UpstreamMessage;
  /** Writes, and holds the upstream back while the client does not read. */
  send(text: string): void;
  fail(message: string): void;
  done(): void;
  abandon(): void;
}

type Headers = Readonly<Record<string, string>>;

/** A stream goes out event by event, each as soon as it is complete. */
export function eventReceiver(line: Line, headers: Headers): Receiver {
  beginEvents(line.res, headers);
  const push = eventReader(
    line.largest,
    (received) => {
      if (received.data === null || received.data === '') return line.send(writeEvent(received));
      const message = line.read(received.data);
      if (message.kind === 'dropped') return;
      line.answered ||= message.kind === 'answer';
      return line.send(writeEvent({ ...received, data: message.text }));
    },
    () => line.send(':\n\n'),
  );
  return {
    receive(chunk) {
      if (!push(chunk)) line.fail('The MCP server sent an event that is too large.');
    },
    finish() {
      if (line.id !== null && !line.answered) return line.fail('The MCP server ended its answer too early.');
      line.done();
      return line.res.end();
    },
  };
}

/** A JSON answer goes out whole: it is of no use before its last byte, and until then it can still be refused. */
export function jsonReceiver(line: Line, status: number, headers: Headers): Receiver {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    receive(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > line.largest) line.fail('The answer of the MCP server is too large.');
    },
    finish() {
      const message = line.read(Buffer.concat(chunks).toString('utf8'));
      if (message.kind !== 'answer') return line.fail('The MCP server gave no answer to this request.');
      line.done();
      return answer(line.res, status, headers, message.text);
    },
  };
}

/** Nothing but the status goes out. A short body is let through unread, so that the connection can be used again. */
export function silentReceiver(line: Line, status: number, headers: Headers): Receiver {
  let size = 0;
  return {
    receive(chunk) {
      size += chunk.length;
      if (size <= 65_536) return;
      answer(line.res, status, headers, '');
      line.abandon();
    },
    finish() {
      line.done();
      answer(line.res, status, headers, '');
    },
  };
}

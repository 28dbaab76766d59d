import { createSocket } from 'node:dgram';
import type { RemoteInfo } from 'node:dgram';
import { once } from 'node:events';

/** How one name answers: with records of one or more strings each, with an error code, or not at all. RFC 1035 §4.1.1. */
export type DnsAnswer = readonly (readonly string[])[] | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'NOTIMP' | 'garbage' | 'silence';

export interface DnsServer {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** By name in lower case; a name that is not here is NXDOMAIN, one with an empty list has no TXT record. */
  readonly answers: Map<string, DnsAnswer>;
  /** The names it was asked for, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

const codes = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5, NOTIMP: 4 } as const;
const TXT = 16;

function questionOf(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** A TXT record whose name is a pointer to the question. RFC 1035 §3.3.14, §4.1.4. */
function recordOf(strings: readonly string[]): Buffer {
  const data = Buffer.concat(strings.map((text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')])));
  const head = Buffer.from([0xc0, 0x0c, 0, TXT, 0, 1, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function replyTo(query: Buffer, answers: DnsServer['answers'], asked: string[]): Buffer | null {
  const { name, type, end } = questionOf(query);
  asked.push(name);
  const answer = answers.get(name) ?? 'NXDOMAIN';
  if (answer === 'silence') return null;
  if (answer === 'garbage') return Buffer.concat([query.subarray(0, 2), Buffer.from('not an answer')]);
  const records = typeof answer === 'string' || type !== TXT ? [] : answer.map(recordOf);
  const head = Buffer.from(query.subarray(0, 12));
  head[2] = 0x84 | ((head[2] ?? 0) & 1);
  head[3] = 0x80 | (typeof answer === 'string' ? codes[answer] : 0);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(records.length, 6);
  head.fill(0, 8);
  return Buffer.concat([head, query.subarray(12, end), ...records]);
}

/** A real DNS server over loopback UDP that says what it is told to; after `close` its port is silent or refuses. */
export async function startDnsServer(): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const answers: DnsServer['answers'] = new Map();
  const asked: string[] = [];
  socket.on('message', (query: Buffer, { port, address }: RemoteInfo) => {
    const reply = replyTo(query, answers, asked);
    if (reply !== null) socket.send(reply, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    answers,
    asked,
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

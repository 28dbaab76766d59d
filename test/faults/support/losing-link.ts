import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { BSON } from 'mongodb';
import type { Document } from 'mongodb';

/** A command on its way to MongoDB. */
export interface Command {
  /** Such as `findAndModify`, `insert`, `find`. */
  readonly name: string;
  readonly collection: string;
  readonly body: Document;
}

/** What it is answered with in place of having an effect: as by a member that has stepped down, or that gave up on it. */
const refusals = {
  'not-primary': { code: 10_107, codeName: 'NotWritablePrimary', errmsg: 'not primary' },
  'too-late': { code: 50, codeName: 'MaxTimeMSExpired', errmsg: 'operation exceeded time limit' },
} as const;

/** `lose`: it takes effect, and its connection breaks in place of the reply. The others have no effect. */
export type Fate = 'carry' | 'lose' | keyof typeof refusals;

/** A link to MongoDB that reads what it carries, for faults that hit one kind of command and no other. */
export interface LosingLink {
  readonly host: string;
  /** What becomes of each command; the usual is to carry it. */
  fate: (command: Command) => Fate;
  /** How many commands met another fate, by name and collection. */
  readonly met: Map<string, number>;
  close(): Promise<void>;
}

const OP_MSG = 2_013;

/** Whole messages out of a stream of pieces. */
function messagesOf(each: (message: Buffer) => void): (piece: Buffer) => void {
  let received = Buffer.alloc(0);
  return (piece) => {
    received = Buffer.concat([received, piece]);
    while (received.length >= 16 && received.length >= received.readInt32LE(0)) {
      const message = received.subarray(0, received.readInt32LE(0));
      received = received.subarray(message.length);
      each(message);
    }
  };
}

function commandOf(message: Buffer): Command | null {
  if (message.readInt32LE(12) !== OP_MSG || message[20] !== 0) return null;
  const end = 21 + message.readInt32LE(21);
  const body = BSON.deserialize(message.subarray(21, end));
  const [name = '', collection] = Object.entries(body)[0] ?? [];
  return { name, collection: typeof collection === 'string' ? collection : '', body: { ...body, ...sequencesIn(message.subarray(end)) } };
}

/** The documents that several inserts in one message bring beside its body: a kind, a length, a name, and one after the other. */
function sequencesIn(rest: Buffer): Readonly<Record<string, Document[]>> {
  const found: Record<string, Document[]> = {};
  for (let at = 0; at + 5 < rest.length && rest[at] === 1;) {
    const end = at + 1 + rest.readInt32LE(at + 1);
    const named = rest.indexOf(0, at + 5);
    const documents: Document[] = [];
    for (let from = named + 1; from < end; from += rest.readInt32LE(from))
      documents.push(BSON.deserialize(rest.subarray(from, from + rest.readInt32LE(from))));
    found[rest.toString('utf8', at + 5, named)] = documents;
    at = end;
  }
  return found;
}

function refusal(to: Buffer, why: keyof typeof refusals): Buffer {
  const body = BSON.serialize({ ok: 0, ...refusals[why] });
  const bytes = Buffer.alloc(21);
  [21 + body.length, 0, to.readInt32LE(4), OP_MSG].forEach((value, index) => bytes.writeInt32LE(value, index * 4));
  return Buffer.concat([bytes, body]);
}

export async function startLosingLink(target: string): Promise<LosingLink> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  const carry: LosingLink['fate'] = () => 'carry';
  const link = { fate: carry, met: new Map<string, number>() };

  const server = createServer((near) => {
    const far = connect({ host, port: Number(port), noDelay: true });
    const lost = new Set<number>();
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => (sockets.delete(socket), other.destroy()));
    }
    near.on(
      'data',
      messagesOf((message) => {
        const command = commandOf(message);
        const fate = command === null ? 'carry' : link.fate(command);
        if (command !== null && fate !== 'carry') {
          const about = `${command.name} ${command.collection}`;
          link.met.set(about, (link.met.get(about) ?? 0) + 1);
        }
        if (fate !== 'carry' && fate !== 'lose') return void near.write(refusal(message, fate));
        if (fate === 'lose') lost.add(message.readInt32LE(4));
        far.write(message);
      }),
    );
    far.on(
      'data',
      messagesOf((message) => {
        // The connection breaks in place of the reply, so that its caller knows at once that none will come.
        if (lost.has(message.readInt32LE(8))) near.resetAndDestroy();
        else near.write(message);
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return Object.assign(link, {
    host: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

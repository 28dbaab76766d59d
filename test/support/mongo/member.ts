import { createServer, type Socket } from 'node:net';
import { BSON, type Document } from 'mongodb';

/** One command as it came over the wire. */
export interface Heard {
  readonly name: string;
  readonly command: Document;
}

export type Answer = Document | 'drop the connection' | 'say nothing';

/** What a scripted member does with a command, `times` heard so far; undefined leaves it to the member, which then says `{ ok: 1 }`. */
export type Script = (heard: Heard, times: number) => Answer | undefined | Promise<Answer | undefined>;

export interface Member {
  readonly url: string;
  /** Everything but greetings and farewells. */
  readonly heard: Heard[];
  script: Script;
  /** What it says of itself in its greeting. */
  role: Document;
  close(): Promise<void>;
}

const OP_REPLY = 1;
const OP_QUERY = 2_004;
const OP_MSG = 2_013;
const greetings = new Set(['hello', 'ismaster', 'isMaster']);
const farewells = new Set(['endSessions', 'killCursors', 'ping']);

/**
 * A replica-set member made of nothing but its protocol, for what the substitute cannot do: it has sessions and numbered
 * (retryable) writes, answers what the script says, and remembers every command.
 */
export async function startMember(): Promise<Member> {
  const heard: Heard[] = [];
  const sockets = new Set<Socket>();
  const member = { heard, script: (() => undefined) as Script, role: { isWritablePrimary: true, ismaster: true, secondary: false } };

  const answerTo = async (command: Document): Promise<Answer> => {
    const name = Object.keys(command)[0] ?? '';
    if (greetings.has(name)) return { ...greeting(host), ...member.role };
    if (farewells.has(name)) return { ok: 1 };
    heard.push({ name, command });
    const answer = await member.script({ name, command }, heard.filter((other) => other.name === name).length);
    return answer ?? { ...batch([]), n: 1, value: null };
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    readMessages(socket, answerTo);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const host = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return Object.assign(member, {
    url: `mongodb://${host}/drawbridge?replicaSet=scripted`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** What a find is answered with; a cursor that stays open has a number. */
export const batch = (firstBatch: readonly Document[], cursor = 0): Document => ({
  ok: 1,
  cursor: { id: BSON.Long.fromNumber(cursor), ns: 'drawbridge.rows', firstBatch },
});

const greeting = (host: string): Document => ({
  ok: 1,
  setName: 'scripted',
  hosts: [host],
  me: host,
  primary: host,
  setVersion: 1,
  electionId: new BSON.ObjectId('7fffffff0000000000000001'),
  maxWireVersion: 21,
  minWireVersion: 0,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  logicalSessionTimeoutMinutes: 30,
  localTime: new Date(),
});

function readMessages(socket: Socket, answerTo: (command: Document) => Promise<Answer>): void {
  let received = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 16 && received.length >= received.readInt32LE(0)) {
      const message = received.subarray(0, received.readInt32LE(0));
      received = received.subarray(message.length);
      const isQuery = message.readInt32LE(12) === OP_QUERY;
      void answerTo(isQuery ? queryOf(message) : commandOf(message)).then((answer) => {
        if (answer === 'drop the connection') socket.destroy();
        else if (answer !== 'say nothing') socket.write(isQuery ? asReply(message, answer) : asMessage(message, answer));
      });
    }
  });
}

function queryOf(message: Buffer): Document {
  const start = message.indexOf(0, 20) + 1 + 8;
  return BSON.deserialize(message.subarray(start));
}

/** The body, with the documents that travelled beside it put where they belong. */
function commandOf(message: Buffer): Document {
  let command: Document = {};
  for (let at = 20; at < message.length;) {
    const size = message.readInt32LE(at + 1);
    const section = message.subarray(at + 1, at + 1 + size);
    if (message[at] === 0) command = { ...BSON.deserialize(section), ...command };
    else command = { ...command, ...sequenceOf(section) };
    at += 1 + size;
  }
  return command;
}

function sequenceOf(section: Buffer): Document {
  const end = section.indexOf(0, 4);
  const documents: Document[] = [];
  for (let at = end + 1; at < section.length; at += section.readInt32LE(at)) documents.push(BSON.deserialize(section.subarray(at)));
  return { [section.toString('utf8', 4, end)]: documents };
}

const header = (to: Buffer, length: number, code: number): Buffer => {
  const bytes = Buffer.alloc(16);
  [16 + length, 0, to.readInt32LE(4), code].forEach((value, index) => bytes.writeInt32LE(value, index * 4));
  return bytes;
};

function asMessage(to: Buffer, answer: Document): Buffer {
  const body = BSON.serialize(answer);
  return Buffer.concat([header(to, 5 + body.length, OP_MSG), Buffer.alloc(5), body]);
}

function asReply(to: Buffer, answer: Document): Buffer {
  const body = BSON.serialize(answer);
  const fields = Buffer.alloc(20);
  fields.writeInt32LE(1, 16);
  return Buffer.concat([header(to, 20 + body.length, OP_REPLY), fields, body]);
}

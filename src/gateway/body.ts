import { readMessage, RpcCode, RpcRefused } from '../domain/json-rpc.ts';
import type { RpcMessage } from '../domain/json-rpc.ts';
import { JsonRefused, parseStrictJson } from '../domain/strict-json.ts';
import { receivedBytes } from '../http/body.ts';
import { HttpRefused } from './answers.ts';
import type { IncomingMessage } from './dependencies.ts';

/** Reads the body once, within bounds, into the one message it is. */
export async function readBody(req: IncomingMessage, limit: number): Promise<RpcMessage> {
  if (!/^application\/json *(?:; *charset="?utf-8"? *)?$/i.test(req.headers['content-type'] ?? '')) {
    throw new HttpRefused(415, 'The body must be application/json.');
  }
  if (req.headers['content-encoding'] !== undefined) throw new HttpRefused(415, 'The body must not be compressed.');
  const bytes = await readBytes(req, limit);
  try {
    return readMessage(parseStrictJson(bytes));
  } catch (error) {
    if (!(error instanceof JsonRefused)) throw error;
    const code = error.fault === 'syntax' || error.fault === 'encoding' ? RpcCode.parse : RpcCode.invalidRequest;
    throw new RpcRefused(400, code, null, `The body is not one unambiguous JSON value: ${error.fault}.`);
  }
}

async function readBytes(req: IncomingMessage, limit: number): Promise<Uint8Array> {
  if (Number(req.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const bytes = await receivedBytes(req, limit).catch(() => {
    throw new HttpRefused(400, 'The body broke off.');
  });
  if (bytes === null) throw tooLarge(limit);
  return bytes;
}

function tooLarge(limit: number): HttpRefused {
  return new HttpRefused(413, `The body is larger than ${limit} bytes.`, { Connection: 'close' });
}

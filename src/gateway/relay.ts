import type { Dispatcher } from 'undici';
import { RpcCode, rpcErrorBody, RpcRefused } from '../domain/json-rpc.ts';
import type { RpcId } from '../domain/json-rpc.ts';
import { answerRefusal } from './answers.ts';
import type { Log } from '../ports/log.ts';
import type { GatewayLimits, ServerResponse } from './dependencies.ts';
import { writeEvent } from './event-stream.ts';
import { isListening } from './outbound.ts';
import type { Judged } from './outbound.ts';
import { eventReceiver, jsonReceiver, silentReceiver } from './receivers.ts';
import type { Line, Receiver } from './receivers.ts';
import type { SessionIds } from './sessions.ts';
import type { Open } from './stopping.ts';
import { verdictOn } from './upstream-answer.ts';
import type { UpstreamHeaders } from './upstream-answer.ts';
import { upstreamMessages } from './upstream-messages.ts';

interface RelayDependencies {
  readonly limits: GatewayLimits;
  readonly sessions: SessionIds;
  readonly log: Log;
}

/** One answer on its way from the upstream to the client. */
export class Relay implements Line, Open, Dispatcher.DispatchHandler {
  readonly res: ServerResponse;
  readonly id: RpcId | null;
  readonly largest: number;
  readonly isListening: boolean;
  readonly read: Line['read'];
  answered = false;
  readonly #judged: Judged;
  readonly #sessions: SessionIds;
  readonly #log: Log;
  #controller: Dispatcher.DispatchController | null = null;
  #receiver: Receiver | null = null;
  #over = false;

  constructor({ limits, sessions, log }: RelayDependencies, judged: Judged, res: ServerResponse) {
    this.res = res;
    this.id = judged.message?.kind === 'request' ? judged.message.id : null;
    this.largest = limits.answerBytes;
    this.isListening = isListening(judged);
    this.read = upstreamMessages(judged);
    this.#judged = judged;
    this.#sessions = sessions;
    this.#log = log;
  }

  /** Ends what is under way with a refusal, as an answer or, in a stream already begun, as its last event. */
  refuse(error: unknown): void {
    if (this.#over) return;
    if (this.res.headersSent) endStream(this, error);
    else answerRefusal(this.res, this.#judged.caller.resource, error, this.id, this.#log);
    this.abandon();
  }

  fail(message: string): void {
    this.refuse(new RpcRefused(502, RpcCode.internal, this.id, message));
  }

  /** To another instance, or to this one once it has started again. */
  sendBack(retry: number): void {
    if (!this.res.headersSent) return this.cutShort();
    if (this.#over) return;
    if (!this.res.destroyed) this.res.end(writeEvent({ event: null, id: null, retry: String(retry), data: null }));
    this.abandon();
  }

  cutShort(): void {
    this.refuse(new RpcRefused(503, RpcCode.internal, this.id, 'This server is restarting. Try again shortly.'));
  }

  abandon(): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller?.abort(new Error('the exchange is over'));
  }

  done(): void {
    this.#over = true;
  }

  send(text: string): void {
    const controller = this.#controller;
    if (this.res.write(text) || controller === null) return;
    controller.pause();
    this.res.once('drain', () => controller.resume());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error('the exchange is over'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, received: UpstreamHeaders): void {
    if (this.#over || status < 200) return;
    const session = sessionHeader(this.#judged, received, this.#sessions);
    if (session === null) return this.fail('The MCP server opened a session with an id that is not allowed.');
    const verdict = verdictOn(this.#judged, status, received, this.largest);
    if (verdict.kind === 'refused') return this.refuse(new RpcRefused(verdict.status, verdict.code, this.id, verdict.message));
    if (verdict.kind === 'events') this.#receiver = eventReceiver(this, session);
    else if (verdict.kind === 'json') this.#receiver = jsonReceiver(this, verdict.status, { ...session, ...verdict.headers });
    else this.#receiver = silentReceiver(this, verdict.status, session);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over) this.#receiver?.receive(chunk);
  }

  onResponseEnd(): void {
    if (!this.#over) this.#receiver?.finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#over) return;
    const code = 'code' in error ? String(error.code) : error.name;
    this.#log.warn('gateway.upstream-failed', { route: this.#judged.caller.resource.id, reason: code });
    if (/^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(code)) {
      this.refuse(new RpcRefused(504, RpcCode.internal, this.id, 'The MCP server did not answer in time.'));
    } else this.fail('The MCP server cannot be reached.');
  }
}

/** The session id as this caller may use it, if the upstream opened a session; null when it cannot be given out. */
function sessionHeader(judged: Judged, received: UpstreamHeaders, sessions: SessionIds): Record<string, string> | null {
  const id = judged.era === 'legacy' ? received['mcp-session-id'] : undefined;
  if (id === undefined) return {};
  const { resource, standing } = judged.caller;
  const wrapped = typeof id === 'string' ? sessions.wrap(resource, standing.grantId, id) : null;
  return wrapped === null ? null : { 'Mcp-Session-Id': wrapped };
}

/** A stream cut short says why, so that nobody waits for an answer that does not come. */
function endStream({ res, id, answered }: Line, error: unknown): void {
  if (res.destroyed) return;
  if (id !== null && !answered) res.write(writeEvent({ event: null, id: null, retry: null, data: lastWords(id, error) }));
  res.end();
}

function lastWords(id: RpcId, error: unknown): string {
  if (error instanceof RpcRefused) return rpcErrorBody(id, error.code, error.message, error.data);
  return rpcErrorBody(id, RpcCode.internal, 'Access has ended: sign in again.');
}

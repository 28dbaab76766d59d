import { Agent, request } from 'node:http';
import { listen } from '../../src/cli/server.ts';
import { compose } from '../../src/compose.ts';
import { nodeEntropy } from '../../src/platform/node-entropy.ts';
import { openLog } from '../../src/platform/pino-log.ts';
import type { System } from './system.ts';

export interface Answered {
  readonly status: number;
  readonly json: Record<string, string>;
}

export interface SecondInstance {
  /** Posts a form to this instance under the address both share. */
  post(path: string, fields: Record<string, string>): Promise<Answered>;
  /** Sends a body as JSON to this instance; the status says what came of it. */
  send(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<number>;
  /** Presses a button of a page of ours at this instance; the status says what came of it. */
  press(path: string, form: string, cookie: string): Promise<number>;
  /** Calls a tool at this instance's gateway; the status, and whether the tool answered. */
  call(access_token: string, tool: string): Promise<{ readonly status: number; readonly isAnswered: boolean }>;
  close(): Promise<void>;
}

/** Another broker over the same store, with nothing in memory shared, as behind a balancer. */
export async function startSecondInstance({ config, engine, masterKey, clock, lines, issuer }: System): Promise<SecondInstance> {
  const log = openLog({ level: 'info', isForPeople: false, write: (line) => lines.push(line) });
  const broker = await compose({ config, engine, masterKey, clock, entropy: nodeEntropy, log });
  const listening = await listen({ host: '127.0.0.1', port: 0 });
  listening.serve(broker.answer);
  const { host } = new URL(issuer);
  const agent = new Agent({ keepAlive: true });
  return {
    post: async (path, fields) =>
      new Promise((resolve, reject) => {
        const headers = { Host: host, 'Content-Type': 'application/x-www-form-urlencoded' };
        const sent = request({ host: '127.0.0.1', port: listening.port, path, method: 'POST', headers, agent }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const json = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
            resolve({ status: response.statusCode ?? 0, json });
          });
        });
        sent.on('error', reject);
        sent.end(new URLSearchParams(fields).toString());
      }),
    send: async (method, path, body, headers) =>
      new Promise((resolve, reject) => {
        const sent = request(
          { host: '127.0.0.1', port: listening.port, path, method, headers: { Host: host, ...headers }, agent },
          (response) => {
            response.resume();
            response.on('end', () => resolve(response.statusCode ?? 0));
          },
        );
        sent.on('error', reject);
        sent.end(JSON.stringify(body));
      }),
    press: async (path, form, cookie) =>
      new Promise((resolve, reject) => {
        const headers = { Host: host, 'Content-Type': 'application/x-www-form-urlencoded', Cookie: cookie };
        const sent = request({ host: '127.0.0.1', port: listening.port, path, method: 'POST', headers, agent }, (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
        });
        sent.on('error', reject);
        sent.end(form);
      }),
    call: async (access_token, tool) =>
      new Promise((resolve, reject) => {
        const headers = {
          Host: host,
          Authorization: `Bearer ${access_token}`,
          'Content-Type': 'application/json',
          Accept: 'application/json, text/event-stream',
          'MCP-Protocol-Version': '2025-11-25',
        };
        const sent = request({ host: '127.0.0.1', port: listening.port, path: '/mcp', method: 'POST', headers, agent }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, isAnswered: Buffer.concat(chunks).toString().includes('"result"') }),
          );
        });
        sent.on('error', reject);
        sent.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } }));
      }),
    close: async () => {
      agent.destroy();
      await listening.close(200);
      broker.close();
    },
  };
}

/**
 * One part of the demonstration as a process of its own, for topologies of several: `node alone.js idp` or `node alone.js mcp`, told by
 * the environment what it is called and whom it knows.
 */
import { readFileSync } from 'node:fs';
import { startDemoIdp } from './identity-server.ts';
import { startDemoMcp } from './mcp-server.ts';

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set`);
  return value;
}

const host = process.env['DEMO_HOST'];
const place = () => ({ port: Number(given('DEMO_PORT')), ...(host === undefined ? {} : { host }) });
const log = (line: string): void => void process.stderr.write(`${line}\n`);

async function startIdp(): Promise<{ at: string; close(): Promise<void> }> {
  const client_secret = readFileSync(given('DEMO_CLIENT_SECRET_FILE'), 'utf8').trim();
  const client = { client_id: 'drawbridge', client_secret, redirect_uris: [given('DEMO_REDIRECT_URI')] };
  const { issuer, close } = await startDemoIdp({ ...place(), publicIssuer: given('DEMO_ISSUER'), clients: [client], log });
  return { at: issuer, close };
}

async function startMcp(): Promise<{ at: string; close(): Promise<void> }> {
  const gatewayIssuer = given('DEMO_GATEWAY');
  const name = process.env['DEMO_NAME'] ?? 'localhost';
  const { url, close } = await startDemoMcp({ ...place(), name, gatewayIssuer, gatewayJwksUrl: `${gatewayIssuer}/jwks`, log });
  return { at: url, close };
}

const parts: Readonly<Record<string, typeof startIdp>> = { idp: startIdp, mcp: startMcp };

try {
  const start = parts[process.argv[2] ?? ''];
  if (start === undefined) throw new Error('say which part: idp or mcp');
  const { at, close } = await start();
  process.stdout.write(`${JSON.stringify({ ready: true, at })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close().then(() => process.exit(0)));
} catch (error) {
  log(error instanceof Error ? error.message : 'the demonstration cannot start');
  process.exitCode = 1;
}

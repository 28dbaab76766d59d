/** The import table of the house, as data: which folder of src may import what. */

export interface Room {
  /** Under src; the first room whose name a file's path begins with is its room. */
  readonly name: string;
  /** Prefixes under src it may import from; `http/*` is the folder without its subfolders, `*` is everything. */
  readonly imports: readonly string[];
  /** Of these only types. */
  readonly types?: readonly string[];
  readonly packages: readonly string[];
  /** May read the clock, the environment and the network. */
  readonly isAmbient?: true;
  /** May take a secret out of its wrapper. */
  readonly reveals?: true;
}

const streams = ['node:http', 'node:net', 'node:stream', 'node:stream/promises', 'node:querystring', 'node:url', 'node:async_hooks'];

export const rooms: readonly Room[] = [
  { name: 'domain/', imports: ['domain/'], packages: ['zod'] },
  { name: 'ports/', imports: ['domain/', 'ports/'], packages: [] },
  { name: 'flows/steps/', imports: ['domain/', 'ports/', 'flows/steps/'], packages: [] },
  { name: 'flows/', imports: ['domain/', 'ports/', 'flows/steps/'], packages: [] },
  { name: 'connectors/kinds/', imports: ['domain/', 'connectors/kinds/'], packages: ['zod'] },
  { name: 'connectors/', imports: ['domain/', 'ports/', 'connectors/'], packages: ['openid-client', 'zod', 'jose'], reveals: true },
  {
    name: 'stores/sqlite/',
    imports: ['domain/', 'ports/', 'stores/'],
    packages: ['@photostructure/sqlite', 'zod', 'node:*'],
    reveals: true,
  },
  { name: 'stores/mongo/', imports: ['domain/', 'ports/', 'stores/'], packages: ['mongodb', 'zod'], reveals: true },
  { name: 'stores/', imports: ['domain/', 'ports/', 'stores/'], packages: ['zod'], reveals: true },
  {
    name: 'platform/',
    imports: ['domain/', 'ports/', 'platform/'],
    packages: ['@simplewebauthn/server', 'jose', 'otpauth', 'pino', 'undici', 'node:*'],
    isAmbient: true,
    reveals: true,
  },
  { name: 'pages/', imports: ['pages/'], types: ['domain/'], packages: [] },
  {
    name: 'http/',
    imports: ['domain/', 'flows/', 'pages/', 'http/'],
    types: ['ports/'],
    packages: ['koa', '@koa/router', 'zod', ...streams],
    reveals: true,
  },
  { name: 'gateway/', imports: ['domain/', 'ports/', 'http/*', 'gateway/'], packages: ['koa', '@koa/router', 'undici', 'zod', ...streams] },
  {
    name: 'config/',
    imports: ['domain/', 'config/', 'connectors/kinds/'],
    packages: ['zod', 'yaml', 'node:fs', 'node:path'],
    isAmbient: true,
  },
  { name: 'demo/', imports: ['demo/'], packages: ['*'], isAmbient: true },
  { name: 'cli/', imports: ['compose.ts', 'config/', 'domain/', 'ports/', 'cli/'], packages: ['*'], isAmbient: true },
  // What an operator runs beside the server, one command a file: each composes what it needs.
  { name: 'commands/', imports: ['*'], packages: ['*'], isAmbient: true },
  { name: 'compose.ts', imports: ['*'], packages: ['*'] },
  { name: 'compose-administration.ts', imports: ['*'], packages: ['*'] },
  { name: 'compose-console.ts', imports: ['*'], packages: ['*'] },
  { name: 'compose-policy.ts', imports: ['*'], packages: ['*'] },
  { name: 'compose-state.ts', imports: ['*'], packages: ['*'] },
  { name: 'compose-upstreams.ts', imports: ['*'], packages: ['*'] },
  { name: 'compose-provisioning.ts', imports: ['*'], packages: ['*'] },
  { name: 'main.ts', imports: ['*'], packages: ['*'], isAmbient: true },
];

/** What one file may use although its room may not. */
export const exceptions: Readonly<Record<string, { readonly packages?: readonly string[]; readonly reveals?: true }>> = {
  'domain/digest.ts': { packages: ['node:crypto'], reveals: true },
  'commands/scim.ts': { reveals: true },
  'domain/secret.ts': { packages: ['node:util'] },
  'pages/qr-code.ts': { packages: ['uqr'] },
  'pages/own-file.ts': { packages: ['node:crypto', 'node:fs'] },
};

export const forbiddenWords: readonly string[] = ['provider', 'auth', 'service', 'manager', 'helper', 'util'];
export const longestFile = 250;

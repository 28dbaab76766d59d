import type { ConfigProblem } from './problems.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

interface Variable {
  readonly name: string;
  readonly path: readonly [string] | readonly [string, string];
  readonly read: (value: string) => unknown;
  readonly describe: string;
}

const asText = (value: string) => value;
const asNumber = (value: string) => (/^\d{1,9}$/.test(value) ? Number(value) : value);
const asList = (value: string) => value.split(',').map((entry) => entry.trim());

/** What can be said by environment variable; each wins over the same key of the file. */
export const variables: readonly Variable[] = [
  { name: 'DRAWBRIDGE_ISSUER', path: ['issuer'], read: asText, describe: 'issuer' },
  { name: 'DRAWBRIDGE_HOST', path: ['listen', 'host'], read: asText, describe: 'listen.host' },
  { name: 'DRAWBRIDGE_PORT', path: ['listen', 'port'], read: asNumber, describe: 'listen.port' },
  { name: 'DRAWBRIDGE_STORE', path: ['store'], read: asText, describe: 'store' },
  { name: 'DRAWBRIDGE_STORE_FILE', path: ['store_file'], read: asText, describe: 'store, as the path of a file that holds it' },
  { name: 'DRAWBRIDGE_KEY', path: ['key'], read: asText, describe: 'key' },
  { name: 'DRAWBRIDGE_KEY_FILE', path: ['key_file'], read: asText, describe: 'key, as the path of a file that holds it' },
  { name: 'DRAWBRIDGE_TRUSTED_PROXIES', path: ['trustedProxies'], read: asList, describe: 'trustedProxies, separated by commas' },
  { name: 'DRAWBRIDGE_LOG_LEVEL', path: ['log', 'level'], read: asText, describe: 'log.level' },
];

/** Orchestrators announce a service called drawbridge in variables of our spelling: `DRAWBRIDGE_PORT=tcp://10.0.0.1:4000`. */
const isAnnouncement = (value: string) => /^(tcp|udp):\/\//.test(value);

const inTwoSpellings = [
  ['DRAWBRIDGE_KEY', 'key'],
  ['DRAWBRIDGE_STORE', 'store'],
] as const;

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The file's tree with the environment's words over it. */
export function overlay(file: unknown, env: Environment): { written: unknown; problems: ConfigProblem[] } {
  if (!isTree(file)) return { written: file, problems: [] };
  const written: Tree = { ...file };
  const given = variables.flatMap((variable) => {
    const value = env[variable.name];
    return value === undefined || value === '' || isAnnouncement(value) ? [] : [{ variable, value }];
  });
  const names = given.map(({ variable }) => variable.name);
  // Either spelling of a key in the environment replaces either spelling in the file.
  for (const [name, key] of inTwoSpellings) {
    if (!names.includes(name) && !names.includes(`${name}_FILE`)) continue;
    delete written[key];
    delete written[`${key}_file`];
  }
  for (const { variable, value } of given) {
    const [first, second] = variable.path;
    const branch = written[first];
    if (second === undefined) written[first] = variable.read(value);
    else if (branch === undefined || isTree(branch)) written[first] = { ...branch, [second]: variable.read(value) };
  }
  const twice = inTwoSpellings
    .filter(([name]) => names.includes(name) && names.includes(`${name}_FILE`))
    .map(([name]) => ({ key: name, problem: `and ${name}_FILE exclude each other` }));
  return { written, problems: [...twice, ...unverified(env)] };
}

/** Node's own switch would have us believe every certificate; a private authority is named in the configuration instead. */
const unverified = (env: Environment): ConfigProblem[] =>
  env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0'
    ? [{ key: 'NODE_TLS_REJECT_UNAUTHORIZED', problem: 'must not be 0: name a private authority in tlsCaFile' }]
    : [];

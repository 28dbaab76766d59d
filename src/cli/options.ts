import { Command, InvalidArgumentError } from 'commander';
import type { AuditQuery } from './audit.ts';
import { addFactor } from './factor-options.ts';
import type { FactorOptions } from './factor-options.ts';

export type Options = StartOptions | AuditOptions | CopyOptions | DomainsOptions | EndOptions | ConnectionsOptions | FactorOptions;

export interface StartOptions {
  readonly command: 'start';
  /** Path of the YAML configuration; null runs the demonstration. */
  readonly config: string | null;
  readonly fresh: boolean;
}

export interface CopyOptions {
  readonly command: 'store copy';
  readonly from: string;
  readonly to: string;
  readonly json: boolean;
}

export interface AuditOptions {
  readonly command: 'audit';
  readonly config: string | null;
  readonly query: AuditQuery;
  readonly json: boolean;
}

export interface ConnectionsOptions {
  readonly command: 'connections';
  readonly config: string | null;
  readonly json: boolean;
}

export interface DomainsOptions {
  readonly command: 'domains';
  readonly config: string | null;
  readonly json: boolean;
}

export interface EndOptions {
  readonly command: 'grants end';
  readonly config: string | null;
  readonly user: string | null;
  readonly tenant: string | null;
  /** Milliseconds since the epoch; null means until now. */
  readonly before: number | null;
  readonly json: boolean;
}

const help = `
Without --config this runs the demonstration: a broker and gateway, an identity provider and an MCP server,
all on this machine, with invented people. PORT=n moves the three of them to n, n+1 and n+2; DRAWBRIDGE_STORE
keeps what it knows elsewhere than in ./data.

  npm start                                  the demonstration
  npm start -- --fresh                       the same, forgetting everything it knew
  DRAWBRIDGE_STORE=mongodb://localhost/notes npm start
                                             the same in a MongoDB database
  npm start -- --config drawbridge.yaml      the real thing; docs/configuration.md lists the keys`;

const copyHelp = `
Stop Drawbridge first. The copy can be repeated: it goes on where it ended. Afterwards counts and digests of both stores agree, or the
exit code is 1. Keep the installation key: what is sealed in the store is sealed under it.

  npm start -- store copy --from sqlite:./data/drawbridge.db --to mongodb://db.internal.example/drawbridge`;

const auditHelp = `
The store answers one process at a time: stop Drawbridge first, or give a configuration that names a copy.
Every row is checked against the chain it belongs to; the exit code is 1 when one is not what was written.

  npm start -- audit --event tool.allowed --tenant acme
  npm start -- audit --user u_… --since 2026-11-01 --json > audit.ndjson`;

const endHelp = `
Codes, refresh tokens and access tokens of what is ended are refused from then on; people sign in again. Each is in the audit. Processes
that share a MongoDB hear of it while they run; an embedded store answers one process at a time, so stop Drawbridge first.

  npm start -- grants end --config drawbridge.yaml --all
  npm start -- grants end --config drawbridge.yaml --user u_… --before 2026-11-21`;

const connectionsHelp = `
Nothing is asked and nothing is changed: it reads the configuration alone. docs/assurance.md has what each kind can prove.

  npm start -- connections --config drawbridge.yaml`;

const domainsHelp = `
A domain that a connection names counts once DNS holds the record printed here; its value comes from the installation key, so it stays the
same. This asks now; a running Drawbridge asks by itself. The exit code is 1 when one is not proven.

  npm start -- domains --config drawbridge.yaml`;

function readMoment(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new InvalidArgumentError('must be a date such as 2026-11-21 or 2026-11-21T05:00Z');
  return at;
}

function readStore(text: string): string {
  if (!/^(sqlite:.+|mongodb(\+srv)?:\/\/[^/]+\/[^/?]+)/.test(text))
    throw new InvalidArgumentError('must be sqlite: and a path, or a mongodb URL that names a database');
  return text;
}

type Choose = (options: Options) => void;

function addAudit(program: Command, choose: Choose): void {
  type Given = { config?: string; tenant?: string; user?: string; event?: string; since?: number; until?: number; json?: boolean };
  program
    .command('audit')
    .description('tell who did what, and check that nobody changed the record')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--tenant <id>', 'only this tenant')
    .option('--user <id>', 'only this user')
    .option('--event <name>', 'only this event, such as tool.allowed')
    .option('--since <date>', 'from this moment on', readMoment)
    .option('--until <date>', 'before this moment', readMoment)
    .option('--json', 'one JSON object a line, with the hashes')
    .addHelpText('after', auditHelp)
    .action(({ config, tenant, user, event, since, until, json }: Given) => {
      const query = { tenant: tenant ?? null, user: user ?? null, event: event ?? null, since: since ?? null, until: until ?? null };
      choose({ command: 'audit', config: config ?? null, query, json: json ?? false });
    });
}

function addCopy(program: Command, choose: Choose): void {
  program
    .command('store')
    .description('work on the store itself')
    .command('copy')
    .description('copy everything to another store and prove it')
    .requiredOption('--from <store>', 'sqlite: and a path, or a mongodb URL', readStore)
    .requiredOption('--to <store>', 'sqlite: and a path, or a mongodb URL', readStore)
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', copyHelp)
    .action(({ from, to, json }: { from: string; to: string; json?: boolean }) => {
      choose({ command: 'store copy', from, to, json: json ?? false });
    });
}

function addEnd(program: Command, choose: Choose): void {
  type Given = { config?: string; all?: boolean; user?: string; tenant?: string; before?: number; json?: boolean };
  const command = program
    .command('grants')
    .description('work on what people have granted')
    .command('end')
    .description('end what people have granted to their clients')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--all', 'of everybody')
    .option('--user <id>', 'only of this user')
    .option('--tenant <id>', 'only in this tenant')
    .option('--before <date>', 'only what was granted before this moment; otherwise, before now', readMoment)
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', endHelp)
    .action(({ config, all, user, tenant, before, json }: Given) => {
      if ((all === true) === (user !== undefined || tenant !== undefined))
        command.error('say whose: --all, or --user and --tenant to narrow it');
      const whose = { user: user ?? null, tenant: tenant ?? null };
      choose({ command: 'grants end', config: config ?? null, ...whose, before: before ?? null, json: json ?? false });
    });
}

function addConnections(program: Command, choose: Choose): void {
  program
    .command('connections')
    .description('tell how each connection is set up at its identity provider')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', connectionsHelp)
    .action(({ config, json }: { config?: string; json?: boolean }) => {
      choose({ command: 'connections', config: config ?? null, json: json ?? false });
    });
}

function addDomains(program: Command, choose: Choose): void {
  program
    .command('domains')
    .description('tell which DNS records prove the e-mail domains of connections, and whether they are there')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', domainsHelp)
    .action(({ config, json }: { config?: string; json?: boolean }) => {
      choose({ command: 'domains', config: config ?? null, json: json ?? false });
    });
}

/** What was asked for on the command line; `--help` and mistakes end the process with a sentence. */
export function readOptions(argv: readonly string[]): Options {
  let chosen: Options = { command: 'start', config: null, fresh: false };
  const choose: Choose = (options) => {
    chosen = options;
  };
  const program = new Command('drawbridge')
    .description('Corporate login in front of MCP servers.')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--fresh', 'forget the data of the demonstration first')
    .addHelpText('after', help)
    .allowExcessArguments(false)
    .enablePositionalOptions()
    .action(({ config, fresh }: { config?: string; fresh?: boolean }) => {
      if (config !== undefined && fresh === true)
        program.error('--fresh is for the demonstration only: it would delete what your organisation relies on');
      choose({ command: 'start', config: config ?? null, fresh: fresh ?? false });
    });
  addAudit(program, choose);
  addCopy(program, choose);
  addEnd(program, choose);
  addConnections(program, choose);
  addDomains(program, choose);
  addFactor(program, choose);
  program.parse([...argv], { from: 'user' });
  return chosen;
}

/** DRAWBRIDGE_STORE for the demonstration; null keeps what it knows in ./data. */
export function readDemoStore(text: string | undefined): string | null {
  if (text === undefined || text === '') return null;
  try {
    return readStore(text);
  } catch (error) {
    throw new InvalidArgumentError(`DRAWBRIDGE_STORE ${(error as Error).message}`);
  }
}

/** PORT for the demonstration: a number that leaves room for the two beside it. */
export function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return 4000;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1 && port <= 65_533))
    throw new InvalidArgumentError('PORT must be a number from 1 to 65533: the demonstration uses it and the two after it');
  return port;
}

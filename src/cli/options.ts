import { Command, InvalidArgumentError } from 'commander';
import type { AuditQuery } from './audit.ts';
import { auditHelp, connectionsHelp, copyHelp, domainsHelp, endHelp, help, testHelp } from './help-texts.ts';
import { addFactor } from './factor-options.ts';
import type { FactorOptions } from './factor-options.ts';
import { addIdentities } from './identity-options.ts';
import type { IdentitiesOptions, SeparateOptions } from './identity-options.ts';
import { addInvite } from './invite-options.ts';
import type { InviteOptions } from './invite-options.ts';
import { addLab } from './lab-options.ts';
import type { LabOptions } from './lab-options.ts';
import { addPolicy } from './policy-options.ts';
import type { ApplyOptions, PlanOptions } from './policy-options.ts';
import { addScim } from './scim-options.ts';
import type { ScimTokenOptions } from './scim-options.ts';

export type Options =
  | StartOptions
  | AuditOptions
  | CopyOptions
  | DomainsOptions
  | EndOptions
  | ConnectionsOptions
  | TestOptions
  | FactorOptions
  | IdentitiesOptions
  | SeparateOptions
  | PlanOptions
  | ApplyOptions
  | InviteOptions
  | LabOptions
  | ScimTokenOptions;

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

export interface TestOptions {
  readonly command: 'connections test';
  readonly config: string | null;
  readonly connection: string;
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
  const connections = program
    .command('connections')
    .description('tell how each connection is set up at its identity provider')
    .enablePositionalOptions()
    .allowExcessArguments(false)
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', connectionsHelp)
    .action(({ config, json }: { config?: string; json?: boolean }) => {
      choose({ command: 'connections', config: config ?? null, json: json ?? false });
    });
  connections
    .command('test')
    .description('tell whether a connection will work, before anybody depends on it')
    .argument('<connection>', 'the id of the connection')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', testHelp)
    .action((connection: string, { config, json }: { config?: string; json?: boolean }) => {
      choose({ command: 'connections test', config: config ?? null, connection, json: json ?? false });
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
  addIdentities(program, choose);
  addPolicy(program, choose);
  addInvite(program, choose);
  addLab(program, choose);
  addScim(program, choose);
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

import { Command, InvalidArgumentError } from 'commander';
import type { AuditQuery } from './audit.ts';

export interface StartOptions {
  readonly command: 'start';
  /** Path of the YAML configuration; null runs the demonstration. */
  readonly config: string | null;
  readonly fresh: boolean;
}

export interface AuditOptions {
  readonly command: 'audit';
  readonly config: string | null;
  readonly query: AuditQuery;
  readonly json: boolean;
}

const help = `
Without --config this runs the demonstration: a broker and gateway, an identity provider and an MCP server,
all on this machine, with invented people. PORT=n moves the three of them to n, n+1 and n+2.

  npm start                                  the demonstration
  npm start -- --fresh                       the same, forgetting everything it knew
  npm start -- --config drawbridge.yaml      the real thing; docs/configuration.md lists the keys`;

const auditHelp = `
The store answers one process at a time: stop Drawbridge first, or give a configuration that names a copy.
Every row is checked against the chain it belongs to; the exit code is 1 when one is not what was written.

  npm start -- audit --event tool.allowed --tenant acme
  npm start -- audit --user u_… --since 2026-11-01 --json > audit.ndjson`;

function readMoment(text: string): number {
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new InvalidArgumentError('must be a date such as 2026-11-21 or 2026-11-21T05:00Z');
  return at;
}

/** What was asked for on the command line; `--help` and mistakes end the process with a sentence. */
export function readOptions(argv: readonly string[]): StartOptions | AuditOptions {
  let chosen: StartOptions | AuditOptions | null = null;
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
      chosen = { command: 'start', config: config ?? null, fresh: fresh ?? false };
    });
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
    .action(
      (given: { config?: string; tenant?: string; user?: string; event?: string; since?: number; until?: number; json?: boolean }) => {
        const { config, tenant, user, event, since, until, json } = given;
        const query = { tenant: tenant ?? null, user: user ?? null, event: event ?? null, since: since ?? null, until: until ?? null };
        chosen = { command: 'audit', config: config ?? null, query, json: json ?? false };
      },
    );
  program.parse([...argv], { from: 'user' });
  return chosen ?? { command: 'start', config: null, fresh: false };
}

/** PORT for the demonstration: a number that leaves room for the two beside it. */
export function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return 4000;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1 && port <= 65_533))
    throw new InvalidArgumentError('PORT must be a number from 1 to 65533: the demonstration uses it and the two after it');
  return port;
}

import { Command, InvalidArgumentError } from 'commander';

export interface StartOptions {
  /** Path of the YAML configuration; null runs the demonstration. */
  readonly config: string | null;
  readonly fresh: boolean;
}

const help = `
Without --config this runs the demonstration: a broker and gateway, an identity provider and an MCP server,
all on this machine, with invented people. PORT=n moves the three of them to n, n+1 and n+2.

  npm start                                  the demonstration
  npm start -- --fresh                       the same, forgetting everything it knew
  npm start -- --config drawbridge.yaml      the real thing; docs/configuration.md lists the keys`;

/** What was asked for on the command line; `--help` and mistakes end the process with a sentence. */
export function readOptions(argv: readonly string[]): StartOptions {
  const command = new Command('drawbridge')
    .description('Corporate login in front of MCP servers.')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--fresh', 'forget the data of the demonstration first')
    .addHelpText('after', help)
    .allowExcessArguments(false)
    .parse([...argv], { from: 'user' });
  const { config, fresh } = command.opts<{ config?: string; fresh?: boolean }>();
  if (config !== undefined && fresh === true)
    command.error('--fresh is for the demonstration only: it would delete what your organisation relies on');
  return { config: config ?? null, fresh: fresh ?? false };
}

/** PORT for the demonstration: a number that leaves room for the two beside it. */
export function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return 4000;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= 1 && port <= 65_533))
    throw new InvalidArgumentError('PORT must be a number from 1 to 65533: the demonstration uses it and the two after it');
  return port;
}

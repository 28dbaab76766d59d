import type { Command } from 'commander';

export interface FactorOptions {
  readonly command: 'second-factor reset';
  readonly config: string | null;
  readonly user: string;
  readonly json: boolean;
}

const help = `
For a person who lost both the app and the recovery codes; make sure that it is them. What they granted on their second factor ends at once,
and at their next sign-in they set up another one. It is in the audit. It can be repeated. Processes that share a MongoDB hear of it while
they run; an embedded store answers one process at a time, so stop Drawbridge first.

  npm start -- second-factor reset --config drawbridge.yaml --user u_…`;

/** Adds `second-factor reset` to the command line. */
export function addFactor(program: Command, choose: (options: FactorOptions) => void): void {
  program
    .command('second-factor')
    .description('work on second factors of ours')
    .command('reset')
    .description('take a person’s authenticator app and recovery codes away')
    .requiredOption('--user <id>', 'whose, as the audit names them')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', help)
    .action(({ config, user, json }: { config?: string; user: string; json?: boolean }) => {
      choose({ command: 'second-factor reset', config: config ?? null, user, json: json ?? false });
    });
}

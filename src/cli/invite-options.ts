import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';

export interface InviteOptions {
  readonly command: 'invite';
  readonly config: string | null;
  readonly tenant: string;
  readonly role: string;
  readonly hours: number;
  readonly json: boolean;
}

const help = `
Prints a link. Whoever opens it first, signs in and says yes holds the role in that tenant from then on, by the way they signed in; they are
shown which account that is before. The role has to be one that administers. Needs an administration in the configuration, and the
installation key; the record says that the link was made and who took it. An embedded store answers one process at a time, so stop
Drawbridge first; processes that share a MongoDB know the link at once.

  npm start -- invite acme admin --config drawbridge.yaml
  npm start -- invite acme admin --config drawbridge.yaml --hours 2 --json`;

const mostHours = 14 * 24;

function readHours(text: string): number {
  const hours = Number(text);
  if (!Number.isInteger(hours) || hours < 1 || hours > mostHours)
    throw new InvalidArgumentError(`must be a whole number from 1 to ${mostHours}`);
  return hours;
}

/** Adds `invite` to the command line. */
export function addInvite(program: Command, choose: (options: InviteOptions) => void): void {
  program
    .command('invite')
    .description('print a link by which one person becomes an administrator')
    .argument('<tenant>', 'the id of the tenant to look after')
    .argument('<role>', 'the id of the role to give')
    .option('--hours <n>', 'how long the link works', readHours, 72)
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', help)
    .action((tenant: string, role: string, { config, hours, json }: { config?: string; hours: number; json?: boolean }) => {
      choose({ command: 'invite', config: config ?? null, tenant, role, hours, json: json ?? false });
    });
}

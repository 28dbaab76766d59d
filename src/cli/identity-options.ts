import type { Command } from 'commander';

export interface IdentitiesOptions {
  readonly command: 'identities';
  readonly config: string | null;
  readonly user: string | null;
  readonly json: boolean;
}

export interface SeparateOptions {
  readonly command: 'identities separate';
  readonly config: string | null;
  readonly connection: string;
  readonly subject: string;
  readonly json: boolean;
}

const listHelp = `
An identity is what a connection calls a person; a user is the person here, as the audit names them. A user with two identities joined two
accounts (linking: true). A subject in the list is what identities separate takes. Nothing is changed. An embedded store answers one process
at a time: stop Drawbridge first, or give a configuration that names a copy.

  npm start -- identities --config drawbridge.yaml
  npm start -- identities --config drawbridge.yaml --user u_… --json`;

const separateHelp = `
For two accounts that should not have been joined: one of them was somebody else's, or was taken over. The identity gets a user of its own,
what was granted by it ends at once, and the user it leaves loses the roles that came through it. A second factor of ours stays with that
user. It is in the audit. It can be repeated. Processes that share a MongoDB hear of it while they run; an embedded store answers one process
at a time, so stop Drawbridge first.

  npm start -- identities separate --config drawbridge.yaml --connection corp --subject 00u1…`;

type Given = { config?: string; json?: boolean };

/** Adds `identities` and `identities separate` to the command line. */
export function addIdentities(program: Command, choose: (options: IdentitiesOptions | SeparateOptions) => void): void {
  const identities = program
    .command('identities')
    .description('tell which account at which connection is which user here')
    .enablePositionalOptions()
    .allowExcessArguments(false)
    .option('--config <file>', 'configuration file (YAML)')
    .option('--user <id>', 'only of this user')
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', listHelp)
    .action(({ config, user, json }: Given & { user?: string }) => {
      choose({ command: 'identities', config: config ?? null, user: user ?? null, json: json ?? false });
    });
  identities
    .command('separate')
    .description('take one of two joined accounts out again')
    .requiredOption('--connection <id>', 'the connection it signs in with')
    .requiredOption('--subject <sub>', 'what that connection calls it, as the list says')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', separateHelp)
    .action(({ config, connection, subject, json }: Given & { connection: string; subject: string }) => {
      choose({ command: 'identities separate', config: config ?? null, connection, subject, json: json ?? false });
    });
}

import type { Command } from 'commander';

export interface ScimTokenOptions {
  readonly command: 'scim token';
  readonly config: string | null;
  readonly connection: string;
  readonly revokeOlder: boolean;
  readonly json: boolean;
}

const help = `
For a connection with provisioning. Give the identity provider the address and the token that are printed; the token is shown this once and
kept as a digest. Two may be good at a time, so that a new one is in place before the old one goes: make one, enter it there, and end the
others with --revoke-older, which prints one more. An embedded store answers one process at a time, so stop Drawbridge first; processes that
share a MongoDB go by it at once.

  npm start -- scim token corp --config drawbridge.yaml
  npm start -- scim token corp --config drawbridge.yaml --revoke-older`;

/** Adds `scim token` to the command line. */
export function addScim(program: Command, choose: (options: ScimTokenOptions) => void): void {
  program
    .command('scim')
    .description('work on how identity providers tell of people')
    .command('token')
    .description('make the token an identity provider proves itself with')
    .argument('<connection>', 'the id of the connection')
    .option('--revoke-older', 'end every token of before')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', help)
    .action((connection: string, { config, revokeOlder, json }: { config?: string; revokeOlder?: boolean; json?: boolean }) => {
      choose({ command: 'scim token', config: config ?? null, connection, revokeOlder: revokeOlder ?? false, json: json ?? false });
    });
}

import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';

/** Somebody to try the rules on, as their identity provider would describe them, or as a user who is known. */
export interface LabOptions {
  readonly command: 'lab';
  readonly config: string | null;
  readonly connection: string | null;
  readonly subject: string;
  readonly groups: readonly string[] | null;
  /** The path of a JSON file with the claims of a token. */
  readonly claims: string | null;
  readonly user: string | null;
  readonly inForce: boolean;
  readonly rules: boolean;
  readonly json: boolean;
}

/** What a person is called whom nobody named. */
export const nobodyInParticular = 'somebody';

const labHelp = `
By the rules of the file, or with --in-force by those that are in force. Nothing is written. Without --groups the groups are unknown, which is
not the same as none (--groups ''). A token's claims are read with the settings of the connection: its groups come from where those say.
Where people are provisioned, --in-force with --subject, or --user, tells whether somebody is, and counts the groups that were pushed.

  npm start -- lab --config drawbridge.yaml --connection okta --groups okta-eng,okta-leads
  npm start -- lab --config drawbridge.yaml --connection okta --claims claims.json --rules
  npm start -- lab --config drawbridge.yaml --user u_… --in-force`;

const readGroups = (text: string): string[] =>
  text
    .split(/[,\n]/)
    .map((group) => group.trim())
    .filter((group) => group !== '');

type Given = {
  config?: string;
  connection?: string;
  subject?: string;
  groups?: string[];
  claims?: string;
  user?: string;
  inForce?: boolean;
  rules?: boolean;
  json?: boolean;
};

/** Adds `lab` to the command line. */
export function addLab(program: Command, choose: (options: LabOptions) => void): void {
  const command = program
    .command('lab')
    .description('tell what the rules make of somebody: tenants, roles, scopes and tools, with the rule behind each')
    .option('--config <file>', 'configuration file (YAML)')
    .option('--connection <id>', 'the connection they come through')
    .option('--subject <sub>', 'what it calls them, for people named one by one', nobodyInParticular)
    .option('--groups <list>', 'their groups, with commas between them', readGroups)
    .option('--claims <file>', 'the claims of a token, as a JSON object in a file')
    .option('--user <id>', 'a user who has signed in, as they are known')
    .option('--in-force', 'by the rules in force instead of those of the file')
    .option('--rules', 'every rule, and why it fits or does not')
    .option('--json', 'print the result as one JSON object')
    .addHelpText('after', labHelp)
    .action(({ config, connection, subject, groups, claims, user, inForce, rules, json }: Given) => {
      if ((user === undefined) === (connection === undefined)) command.error('say who: --user, or --connection with --groups or --claims');
      if (user !== undefined && (groups !== undefined || claims !== undefined)) throw new InvalidArgumentError('--user is known already');
      choose({
        command: 'lab',
        config: config ?? null,
        connection: connection ?? null,
        subject: subject ?? nobodyInParticular,
        groups: groups ?? null,
        claims: claims ?? null,
        user: user ?? null,
        inForce: inForce ?? false,
        rules: rules ?? false,
        json: json ?? false,
      });
    });
}

import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';

interface Common {
  readonly config: string | null;
  readonly json: boolean;
}

export interface PlanOptions extends Common {
  readonly command: 'plan' | 'drift' | 'history';
}

/** What puts a revision in force, and what has to be agreed to for it. */
export interface ApplyOptions extends Common {
  readonly command: 'apply' | 'rollback';
  /** The revision to go back to; null for the file. */
  readonly to: number | null;
  readonly note: string;
  /** How many people lose something, as the plan said; null asks at the terminal. */
  readonly losing: number | null;
  readonly withoutAdministrator: boolean;
}

const stopped = `
Processes that share a MongoDB go by a new revision within a second, while they run. An embedded store answers one process at a time: stop
Drawbridge first.`;

const planHelp = `
Compares the file with what is in force, thing by thing, and tells what the difference is to everybody who has ever signed in, by what their
identity provider last said of them. Nothing is written.${stopped}

  npm start -- plan --config drawbridge.yaml`;

const applyHelp = `
Shows the plan, asks for the number of people who lose something, and puts the file in force. From then on a start with another file changes
nothing: files are proposals, and this command decides. --losing says that number beforehand, for scripts; where it is another by then,
nothing happens. A plan that leaves a tenant without an administrator is refused unless you say so.${stopped}

  npm start -- apply --config drawbridge.yaml --note "sales may only look"
  npm start -- apply --config drawbridge.yaml --losing 12`;

const driftHelp = `
Exit code 1 when what is in force is not what the file says.

  npm start -- drift --config drawbridge.yaml`;

const historyHelp = `
  npm start -- history --config drawbridge.yaml`;

const rollbackHelp = `
Makes a new revision that says what an earlier one said, with the same plan and the same questions as apply. Nothing is deleted.${stopped}

  npm start -- rollback 7 --config drawbridge.yaml`;

type Given = { config?: string; json?: boolean };
type Agreed = Given & { note?: string; losing?: number; withoutAdministrator?: boolean };

function readNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('must be a whole number');
  return Number(text);
}

const withCommon = (command: Command): Command =>
  command.option('--config <file>', 'configuration file (YAML)').option('--json', 'print the result as one JSON object');

const withAgreement = (command: Command): Command =>
  withCommon(command)
    .option('--note <text>', 'why, for whoever reads the history')
    .option('--losing <n>', 'how many people lose something, as the plan said', readNumber)
    .option('--without-administrator', 'even if a tenant is left without an administrator');

const agreed = ({ config, json, note, losing, withoutAdministrator }: Agreed) => ({
  config: config ?? null,
  json: json ?? false,
  note: note ?? '',
  losing: losing ?? null,
  withoutAdministrator: withoutAdministrator ?? false,
});

/** Adds `plan`, `apply`, `drift`, `rollback` and `history` to the command line. */
export function addPolicy(program: Command, choose: (options: PlanOptions | ApplyOptions) => void): void {
  const reading = (name: PlanOptions['command'], description: string, text: string) =>
    withCommon(program.command(name).description(description).addHelpText('after', text)).action(({ config, json }: Given) =>
      choose({ command: name, config: config ?? null, json: json ?? false }),
    );
  reading('plan', 'tell what a configuration file would change for people and tools', planHelp);
  withAgreement(program.command('apply').description('put what a configuration file says in force').addHelpText('after', applyHelp)).action(
    (given: Agreed) => choose({ command: 'apply', to: null, ...agreed(given) }),
  );
  reading('drift', 'tell whether what is in force is what the file says', driftHelp);
  reading('history', 'tell who put which revision in force', historyHelp);
  withAgreement(
    program
      .command('rollback')
      .description('go back to an earlier revision')
      .argument('<revision>', 'its number, as history says', readNumber)
      .addHelpText('after', rollbackHelp),
  ).action((to: number, given: Agreed) => choose({ command: 'rollback', to, ...agreed(given) }));
}

import { reportLines } from '../cli/connection-report.ts';
import { keyBeside } from '../cli/master-key.ts';
import type { TestOptions } from '../cli/options.ts';
import { examinableOf } from '../compose-upstreams.ts';
import { directoryOf } from '../config/directory.ts';
import type { Config } from '../config/schema.ts';
import { hasProblem } from '../domain/connection-check.ts';
import type { ConnectionId } from '../domain/ids.ts';
import { allChecks } from '../flows/steps/all-checks.ts';
import { sealTicket } from '../flows/steps/test-ticket.ts';
import { connectionTestLink } from '../http/login/connection-test.ts';
import { nodeEntropy as entropy } from '../platform/node-entropy.ts';
import { openSealing } from '../platform/node-sealing.ts';
import { systemClock as clock } from '../platform/system-clock.ts';
import { configure, folderOf } from './installation.ts';

/** An address at the running broker that tries one sign-in. */
function testLink(config: Config, id: ConnectionId): string {
  const sealing = openSealing(config.key ?? keyBeside(folderOf(config)));
  return connectionTestLink(config.issuer, id, sealTicket({ sealing, entropy, clock }, id).ticket);
}

/** Looks at everything about a connection that can be told without a person; true when nothing has to be fixed. */
export async function testConnection(options: TestOptions): Promise<boolean> {
  const config = configure(options, '');
  const connection = config.connections.find(({ id }) => id === options.connection);
  if (connection === undefined)
    throw new Error(`There is no connection of that name; there is ${config.connections.map(({ id }) => id).join(', ') || 'none'}.`);
  // The secret of the demonstration is made anew at each start and never leaves that process.
  const triesCredential = options.config !== null;
  const examined = examinableOf(config, connection, { clock, entropy, triesCredential, longest: null });
  const checks = await allChecks(examined, directoryOf(config));
  const { kind, issuer, redirect_uri } = examined;
  const { id, name } = connection;
  const report = { id, name, kind, issuer, redirect_uri, checks, sign_in_test: testLink(config, id) };
  const lines = options.json ? [JSON.stringify(report)] : reportLines(report, process.stdout.isTTY);
  process.stdout.write(`${lines.join('\n')}\n`);
  return !hasProblem(report);
}

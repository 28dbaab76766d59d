import { hasProblem, reportLines } from '../cli/connection-report.ts';
import { setupSheets } from '../cli/connections.ts';
import type { TestOptions } from '../cli/options.ts';
import { upstreamOf } from '../compose-upstreams.ts';
import { abilitiesOf } from '../config/connection-abilities.ts';
import { directoryOf } from '../config/directory.ts';
import { judgeSettings } from '../domain/connection-settings.ts';
import { callbackPath } from '../http/login/callback.ts';
import { nodeEntropy } from '../platform/node-entropy.ts';
import { systemClock } from '../platform/system-clock.ts';
import { keyBeside } from '../cli/master-key.ts';
import type { Config } from '../config/schema.ts';
import { connectionTestLifetime } from '../domain/connection-test.ts';
import { connectionTestPath } from '../http/login/connection-test.ts';
import { openSealing } from '../platform/node-sealing.ts';
import { configure, folderOf } from './installation.ts';

/** An address at the running broker that tries one sign-in: sealed under the installation key, so nothing has to be written for it. */
function testLink(config: Config, connectionId: string): string {
  const sealing = openSealing(config.key ?? keyBeside(folderOf(config)));
  const ticket = { id: nodeEntropy.id(), connectionId, expiresAt: systemClock.now() + connectionTestLifetime };
  return `${config.issuer}${connectionTestPath(connectionId)}?ticket=${sealing.seal('connection_test', JSON.stringify(ticket))}`;
}

/** Looks at everything about a connection that can be told without a person; true when nothing has to be fixed. */
export async function testConnection(options: TestOptions): Promise<boolean> {
  const config = configure(options, '');
  const connection = config.connections.find(({ id }) => id === options.connection);
  const sheet = setupSheets(config, callbackPath).find(({ id }) => id === options.connection);
  if (connection === undefined || sheet === undefined)
    throw new Error(`There is no connection of that name; there is ${config.connections.map(({ id }) => id).join(', ') || 'none'}.`);
  const { kind, settings, fetch } = upstreamOf(config, connection);
  const tools = {
    clock: systemClock,
    fetch,
    entropy: nodeEntropy,
    readDate: (text: string) => Date.parse(text),
    // The secret of the demonstration is made anew at each start and never leaves that process.
    triesCredential: options.config !== null,
  };
  const { id, name, kind: title, issuer, redirect_uri } = sheet;
  const checks = [...judgeSettings(directoryOf(config), abilitiesOf(connection)), ...(await kind.examine(settings, tools))];
  const report = { id, name, kind: title, issuer, redirect_uri, checks, sign_in_test: testLink(config, id) };
  const lines = options.json ? [JSON.stringify(report)] : reportLines(report, process.stdout.isTTY);
  process.stdout.write(`${lines.join('\n')}\n`);
  return !hasProblem(report);
}

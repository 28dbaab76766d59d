import { setupLines, setupSheets } from '../cli/connections.ts';
import type { ConnectionsOptions } from '../cli/options.ts';
import { callbackPath } from '../http/login/callback.ts';
import { configure } from './installation.ts';

/** Prints how each connection is set up at its identity provider. */
export function tellConnections(options: ConnectionsOptions): void {
  const sheets = setupSheets(configure(options, ''), callbackPath);
  process.stdout.write(`${options.json ? JSON.stringify({ connections: sheets }) : setupLines(sheets).join('\n')}\n`);
}

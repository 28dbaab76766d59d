import type { ScimTokenOptions } from '../cli/scim-options.ts';
import { scimPath } from '../flows/authenticate-scim.ts';
import { issueScimToken } from '../flows/issue-scim-token.ts';
import { nodeEntropy } from '../platform/node-entropy.ts';
import { systemClock } from '../platform/system-clock.ts';
import { openAuditLog } from '../stores/audit-log.ts';
import { openScimTokens } from '../stores/scim-tokens.ts';
import { onInstallation } from './installation.ts';

/** Makes a token for provisioning and prints it, the only time it can be seen. */
export async function scimToken({ connection, revokeOlder, json, ...options }: ScimTokenOptions): Promise<void> {
  await onInstallation(options, async ({ config, engine }) => {
    const meant = config.connections.find(({ id }) => id === connection);
    if (meant === undefined) throw new Error(`There is no connection ${JSON.stringify(connection)}.`);
    if (meant.provisioning === undefined)
      throw new Error(`Nobody is provisioned through ${JSON.stringify(connection)}: write provisioning: { scim: true } there first.`);
    const audit = openAuditLog(engine, { chain: nodeEntropy.id(), clock: systemClock });
    const parts = { scimTokens: openScimTokens(engine), audit, entropy: nodeEntropy, clock: systemClock };
    const issued = await issueScimToken(parts)(meant.id, revokeOlder);
    if (issued === null) throw new Error('Two tokens are good already: --revoke-older ends them and prints one in their place.');
    const url = `${config.issuer}${scimPath}${connection}`;
    const { revoked } = issued;
    const token = issued.token.reveal();
    const lines = [`address: ${url}`, `token:   ${token}`, `${revoked} of before ended; the token is not shown again`];
    process.stdout.write(`${json ? JSON.stringify({ url, token, revoked }) : lines.join('\n')}\n`);
  });
}

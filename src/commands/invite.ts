import type { InviteOptions } from '../cli/invite-options.ts';
import { keyBeside } from '../cli/master-key.ts';
import { directoryUnder } from '../config/policy.ts';
import { invitationLink } from '../domain/console.ts';
import { isInvitable } from '../domain/invitation.ts';
import { makeInvitation } from '../flows/steps/make-invitation.ts';
import { nodeEntropy } from '../platform/node-entropy.ts';
import { openSealing } from '../platform/node-sealing.ts';
import { systemClock } from '../platform/system-clock.ts';
import { openAuditLog } from '../stores/audit-log.ts';
import { openInvitations } from '../stores/invitations.ts';
import { openPolicies } from '../stores/policies.ts';
import { folderOf, onInstallation } from './installation.ts';

const there = (what: string, all: readonly { readonly id: string }[]): string =>
  `There is no ${what} of that name; there is ${all.map(({ id }) => id).join(', ') || 'none'}.`;

/** Makes a link by which one person becomes an administrator, and prints it, the only time it can be seen. */
export async function inviteAdministrator({ tenant: tenantId, role: roleId, hours, json, ...options }: InviteOptions): Promise<void> {
  await onInstallation(options, async ({ config, engine }) => {
    if (config.administration === undefined) throw new Error('Nothing is administered over HTTP here: write administration: {} first.');
    const policies = openPolicies(engine);
    const latest = await policies.latest();
    if (latest === null) throw new Error('Nothing is in force yet: Drawbridge has to have been started once.');
    const { tenants, roles } = directoryUnder(config)(await policies.document(latest.digest));
    const tenant = tenants.find(({ id }) => id === tenantId);
    if (tenant === undefined) throw new Error(there('tenant', tenants));
    const able = roles.filter(isInvitable);
    const role = able.find(({ id }) => id === roleId);
    if (role === undefined) throw new Error(there('role that administers', able));
    const sealing = openSealing(config.key ?? keyBeside(folderOf(config)));
    const audit = openAuditLog(engine, { chain: nodeEntropy.id(), clock: systemClock });
    const parts = { invitations: openInvitations(engine), audit, sealing, entropy: nodeEntropy, clock: systemClock };
    const expiresAt = systemClock.now() + hours * 3_600_000;
    const { ticket } = await makeInvitation(parts)({ tenant, role, source: 'operator', by: null, expiresAt });
    const link = invitationLink(config.issuer, ticket);
    const until = new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ');
    const lines = [
      `Whoever opens this first and signs in becomes ${role.name} of ${tenant.name}:`,
      `  ${link}`,
      `It works once, until ${until} UTC.`,
    ];
    process.stdout.write(`${json ? JSON.stringify({ link, tenant: tenant.id, role: role.id, expiresAt }) : lines.join('\n')}\n`);
  });
}

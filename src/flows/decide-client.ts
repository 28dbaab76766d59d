import { AdministrationRefused } from '../domain/administration.ts';
import type { UserId } from '../domain/ids.ts';
import type { SeenClient } from '../domain/seen-client.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { SeenClients } from '../ports/seen-clients.ts';

export interface DecideClientDependencies {
  readonly seenClients: Pick<SeenClients, 'byKey' | 'decide'>;
  readonly audit: AuditLog;
}

/** Keeps an app out of every tenant, or lets it in again. What it was granted rests meanwhile; the record comes first. */
export const decideClient =
  ({ seenClients, audit }: DecideClientDependencies) =>
  async (key: string, status: SeenClient['status'], adminId: UserId): Promise<SeenClient> => {
    const client = await seenClients.byKey(key);
    if (client === null) throw new AdministrationRefused('not-found');
    if (client.status === status) return client;
    const about = { clientId: client.client_id, clientName: client.client_name, adminId, rule: 'decided by an administrator' };
    await audit.append({ ...about, event: status === 'withdrawn' ? 'client.withdrawn' : 'client.allowed' }, 'again');
    const decided = await seenClients.decide(client, status);
    if (decided === null) throw new AdministrationRefused('not-found');
    return decided;
  };

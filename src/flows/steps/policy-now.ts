import type { Directory } from '../../domain/directory.ts';
import { findTenant } from '../../domain/directory.ts';
import type { TenantId } from '../../domain/ids.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { StoreUnavailable } from '../../ports/document-engine.ts';
import type { Policies } from '../../ports/policies.ts';
import type { PolicyDrafts } from '../../ports/policy-drafts.ts';

export interface PolicyNowDependencies {
  readonly policies: Pick<Policies, 'latest' | 'document'>;
  readonly drafts: PolicyDrafts;
}

/** The newest revision as the store has it, and what it says. */
export interface PolicyNow {
  readonly number: number;
  readonly document: unknown;
  readonly directory: Directory;
}

export async function policyNow({ policies, drafts }: PolicyNowDependencies): Promise<PolicyNow> {
  const latest = await policies.latest();
  if (latest === null) throw new StoreUnavailable('there is no policy');
  const document = await policies.document(latest.digest);
  return { number: latest.number, document, directory: drafts.read(document) };
}

/** Null when it was taken out of the policy meanwhile. */
export const tenantNow = ({ directory }: PolicyNow, id: TenantId): Tenant | null => findTenant(directory, id);

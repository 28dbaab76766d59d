import { satisfies } from './assurance.ts';
import type { ConnectionId, TenantId } from './ids.ts';
import type { Tenant } from './tenant.ts';
import type { StageAt, Transaction } from './transaction.ts';

/** A tenant the person belongs to at this moment, with what they may do there. */
export interface Belonging {
  readonly tenant: Tenant;
  readonly roleNames: readonly string[];
  readonly permissions: readonly string[];
}

/** The one next thing that has to happen. */
export type Step =
  | { readonly step: 'choose-connection'; readonly notice: 'unreachable' | 'sign-in-cancelled' | null }
  /** A page of ours asks on behalf of this connection. */
  | { readonly step: 'ask'; readonly connectionId: ConnectionId }
  | { readonly step: 'no-access' }
  | { readonly step: 'prove-second-factor'; readonly tenantId: TenantId; readonly stage: StageAt<'consenting'> }
  | { readonly step: 'second-factor-unproven'; readonly tenant: Tenant }
  /** The upstream could not be asked for it. */
  | { readonly step: 'second-factor-unreachable'; readonly tenant: Tenant }
  | { readonly step: 'consent'; readonly stage: StageAt<'consenting'>; readonly chosen: Belonging }
  | { readonly step: 'respond'; readonly stage: StageAt<'approved'> }
  | { readonly step: 'respond-denied' }
  | { readonly step: 'stopped' };

function proveOrConsent(stage: StageAt<'consenting'>, belongings: readonly Belonging[]): Step {
  const { person } = stage;
  const proven = (belonging: Belonging) => satisfies(person.assurance, belonging.tenant.demand);
  const picked = belongings.find((belonging) => belonging.tenant.id === stage.tenantId);
  // Nobody is sent to prove more for a tenant they did not choose while another is open to them.
  const chosen = picked ?? belongings.find(proven) ?? belongings[0];
  if (chosen === undefined) return { step: 'no-access' };
  if (proven(chosen)) return { step: 'consent', stage, chosen };
  // Asked once and not proven, or the trip came to nothing: asking again by ourselves would go round in circles.
  if (stage.notice === 'unreachable') return { step: 'second-factor-unreachable', tenant: chosen.tenant };
  if (person.askedForMfa || stage.notice === 'step-up-cancelled') return { step: 'second-factor-unproven', tenant: chosen.tenant };
  return { step: 'prove-second-factor', tenantId: chosen.tenant.id, stage };
}

/** The only place that knows what comes next; steps never route to one another. */
export function nextStep(transaction: Transaction, belongings: readonly Belonging[]): Step {
  const { stage } = transaction;
  switch (stage.at) {
    case 'choosing':
      return { step: 'choose-connection', notice: stage.notice };
    case 'asking':
      return { step: 'ask', connectionId: stage.connectionId };
    // Coming back from the upstream without an answer means choosing again.
    case 'upstream':
    case 'judging':
      return { step: 'choose-connection', notice: null };
    case 'consenting':
      return proveOrConsent(stage, belongings);
    case 'approved':
      return { step: 'respond', stage };
    case 'denied':
      return { step: 'respond-denied' };
    case 'stopped':
      return { step: 'stopped' };
  }
}

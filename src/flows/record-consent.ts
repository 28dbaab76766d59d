import type { Grant } from '../domain/grant.ts';
import { codeLifetime } from '../domain/grant.ts';
import { GrantId } from '../domain/ids.ts';
import type { TransactionId } from '../domain/ids.ts';
import type { Belonging } from '../domain/next-step.ts';
import { nextStep } from '../domain/next-step.ts';
import type { Resource } from '../domain/resource.ts';
import { clientKey } from '../domain/seen-client.ts';
import type { Stage, StageAt, Transaction } from '../domain/transaction.ts';
import { advance } from '../domain/transaction.ts';
import { sidKey } from '../domain/upstream-session.ts';
import type { AuditLog } from '../ports/audit-log.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Grants } from '../ports/grants.ts';
import type { Pause } from '../ports/pause.ts';
import type { SeenClients } from '../ports/seen-clients.ts';
import type { UpstreamSessions } from '../ports/upstream-sessions.ts';
import { findResource } from '../domain/directory.ts';
import type { BelongingDependencies } from './steps/belongings.ts';
import { belongingsOf } from './steps/belongings.ts';
import { checkSession } from './steps/check-session.ts';
import type { ClaimDependencies } from './steps/claimed-transaction.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';

export interface ConsentDependencies extends ClaimDependencies, BelongingDependencies {
  readonly grants: Grants;
  readonly seenClients: SeenClients;
  readonly audit: AuditLog;
  readonly entropy: Entropy;
  readonly pause: Pause;
  readonly upstreamSessions: Pick<UpstreamSessions, 'get'>;
}

export interface Decision {
  readonly decision: 'approve' | 'deny';
  /** The tenant that stood on the page. */
  readonly tenant: string;
  /** The scopes that were ticked. */
  readonly scope: readonly string[];
}

/** `recorded`: this press decided. `answered`: an earlier one had. `ask-again`: the page was out of date or incomplete. */
export type Recorded = 'recorded' | 'answered' | 'ask-again';

function approvedStage(
  stage: StageAt<'consenting'>,
  chosen: Belonging,
  scope: string[],
  entropy: Entropy,
  now: number,
): StageAt<'approved'> {
  return { at: 'approved', person: stage.person, tenantId: chosen.tenant.id, scope, grantId: GrantId.parse(entropy.id()), answeredAt: now };
}

/** The grant that an approval amounts to, complete from the transaction alone, so it can be made again after a crash and is the same. */
function grantFrom(transaction: Transaction, stage: StageAt<'approved'>, resource: Resource): Grant {
  const { request } = transaction;
  const { refreshAbsolute } = resource.lifetimes;
  const { identityId, sid } = stage.person;
  return {
    id: stage.grantId,
    stage: 'coded',
    userId: stage.person.userId,
    tenantId: stage.tenantId,
    connectionId: stage.person.connectionId,
    client_id: request.client_id,
    client_name: request.client_name,
    clientKey: clientKey(request.client_id),
    resource: resource.identifier,
    scope: stage.scope,
    asked: request.asked,
    offlineAccess: request.offlineAccess,
    redirect_uri: request.returnAddress.uri,
    code_challenge: request.code_challenge,
    assurance: stage.person.assurance,
    ...(identityId === undefined ? {} : { identityId }),
    ...(sid === undefined ? {} : { sidKey: sidKey(stage.person.connectionId, sid) }),
    generation: 1,
    rotations: [],
    createdAt: stage.answeredAt,
    usedAt: stage.answeredAt,
    expiresAt: stage.answeredAt + codeLifetime,
    absoluteExpiresAt: refreshAbsolute === null ? null : stage.answeredAt + refreshAbsolute * 1000,
  };
}

/** The record first: a grant that is there is on record, whatever failed in between. */
async function makeGrant({ grants, seenClients, audit, clock }: ConsentDependencies, grant: Grant): Promise<void> {
  const { client_id, client_name, userId, tenantId, connectionId, resource, scope } = grant;
  const about = { userId, tenantId, clientId: client_id, clientName: client_name, connectionId, grantId: grant.id, resource };
  await Promise.all([
    audit.append({ ...about, event: 'consent.approved', scope, rule: 'the person approved' }, 'again'),
    seenClients.note({ client_id, client_name }, userId, clock.now()),
  ]);
  await grants.add(grant);
}

/** How long (ms) the press that decided is given to make its grant before somebody else does. */
const headStart = 250;

/** Makes the grant of an approved transaction exist where the press that decided did not get to it; doing it again changes nothing. */
export const ensureGrant =
  (dependencies: ConsentDependencies) =>
  async (transaction: Transaction, stage: StageAt<'approved'>, resource: Resource): Promise<void> => {
    const { grants, clock, pause } = dependencies;
    const grant = grantFrom(transaction, stage, resource);
    if (clock.now() >= grant.expiresAt || (await grants.get(grant.id)) !== null) return;
    await pause(headStart);
    if ((await grants.get(grant.id)) === null) await makeGrant(dependencies, grant);
  };

/** Records the person's decision, once: of any number of presses one decides, and the grant hangs on that one. */
export const recordConsent =
  (dependencies: ConsentDependencies) =>
  async (id: TransactionId, browser: string, given: Decision): Promise<Recorded> => {
    const { transactions, directory, audit, entropy, clock } = dependencies;
    const transaction = await claimedTransaction(dependencies)(id, browser);
    const { stage } = transaction;
    if (stage.at !== 'consenting') return 'answered';
    await checkSession(dependencies)(stage.person);
    const belongings = await belongingsOf(dependencies)(stage.person, transaction.request);
    const resource = findResource(directory, transaction.request);
    const step = resource === null ? null : nextStep(transaction, { belongings, resource, now: clock.now() });
    const askAgain = async (notice: StageAt<'consenting'>['notice']): Promise<Recorded> => {
      await transactions.advance(advance(transaction, { ...stage, notice }));
      return 'ask-again';
    };
    const about = {
      userId: stage.person.userId,
      clientId: transaction.request.client_id,
      clientName: transaction.request.client_name,
      connectionId: stage.person.connectionId,
    };
    if (given.decision === 'deny') {
      const denied: Stage = { at: 'denied', person: stage.person };
      if (!(await transactions.advance(advance(transaction, denied)))) return 'answered';
      await audit.append({ ...about, event: 'consent.denied', rule: 'the person said no' });
      return 'recorded';
    }
    // The tenant approved is the one that stood on the page and is still open to the person.
    if (step?.step !== 'consent' || step.chosen.tenant.id !== given.tenant || resource === null) return askAgain('changed-meanwhile');
    const { offered } = step;
    if (given.scope.some((name) => !offered.includes(name))) return askAgain('changed-meanwhile');
    const scope = offered.filter((name) => given.scope.includes(name));
    if (scope.length === 0) return askAgain('nothing-chosen');
    const approved = approvedStage(stage, step.chosen, scope, entropy, clock.now());
    if (!(await transactions.advance(advance(transaction, approved)))) return 'answered';
    await makeGrant(dependencies, grantFrom(transaction, approved, resource));
    return 'recorded';
  };

import type { Place, Somebody } from '../domain/connection-trial.ts';
import { findingOfFailure, findingsOf, placesFor } from '../domain/connection-trial.ts';
import { findConnection } from '../domain/directory.ts';
import type { Finding } from '../domain/finding.ts';
import { identityKey } from '../domain/identity.ts';
import type { ConnectionId, TransactionId } from '../domain/ids.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import { toldBeforehand } from '../domain/trial-provisioning.ts';
import type { ProvisionedUsers } from '../ports/provisioned-users.ts';
import type { TestDependencies } from './steps/tests.ts';
import { claimedTest, outcomeOf } from './steps/tests.ts';

export interface ToldTest {
  readonly findings: readonly Finding[];
  /** Null when nobody arrived. */
  readonly somebody: Somebody | null;
  readonly places: readonly Place[];
  /** The groups told of beforehand; null where nobody is, or is let in. */
  readonly pushed: readonly string[] | null;
}

/** What came of a test, judged by the rules as they are now. */
export const tellConnectionTest =
  (
    dependencies: Pick<TestDependencies, 'connectionTests' | 'clock' | 'sealing' | 'directory'> & {
      readonly provisionedUsers: Pick<ProvisionedUsers, 'byIdentity'>;
    },
  ) =>
  async (asked: { id: TransactionId; connectionId: ConnectionId; browser: string }): Promise<ToldTest> => {
    const { sealing, directory, clock, provisionedUsers } = dependencies;
    const { stage, connectionId } = await claimedTest(dependencies, asked);
    const outcome = stage.at === 'over' ? outcomeOf(sealing, stage.outcome) : null;
    if (outcome === null) throw new PageRefusal('test-over', `the test is ${stage.at}`);
    if (outcome.came !== 'somebody') return { findings: [findingOfFailure(outcome)], somebody: null, places: [], pushed: null };
    const { issuer, subject } = outcome;
    const provisioning = findConnection(directory, connectionId)?.provisioning;
    const known = provisioning === undefined ? null : await provisionedUsers.byIdentity(identityKey({ connectionId, issuer, subject }));
    const setting = { directory, told: toldBeforehand(known, provisioning), now: clock.now() };
    const places = placesFor(outcome, connectionId, setting);
    return { findings: findingsOf(outcome, places, setting), somebody: outcome, places, pushed: setting.told?.groups ?? null };
  };

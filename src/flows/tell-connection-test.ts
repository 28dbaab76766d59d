import type { Finding, Place, Somebody } from '../domain/connection-trial.ts';
import { findingOfFailure, findingsOf, placesFor } from '../domain/connection-trial.ts';
import type { ConnectionId, TransactionId } from '../domain/ids.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { TestDependencies } from './steps/tests.ts';
import { claimedTest, outcomeOf } from './steps/tests.ts';

export interface ToldTest {
  readonly findings: readonly Finding[];
  /** Null when nobody arrived. */
  readonly somebody: Somebody | null;
  readonly places: readonly Place[];
}

/** What came of a test, judged by the rules as they are now. */
export const tellConnectionTest =
  (dependencies: Pick<TestDependencies, 'connectionTests' | 'clock' | 'sealing' | 'directory'>) =>
  async (asked: { id: TransactionId; connectionId: ConnectionId; browser: string }): Promise<ToldTest> => {
    const { sealing, directory, clock } = dependencies;
    const { stage, connectionId } = await claimedTest(dependencies, asked);
    const outcome = stage.at === 'over' ? outcomeOf(sealing, stage.outcome) : null;
    if (outcome === null) throw new PageRefusal('test-over', `the test is ${stage.at}`);
    if (outcome.came !== 'somebody') return { findings: [findingOfFailure(outcome)], somebody: null, places: [] };
    const now = clock.now();
    const places = placesFor(outcome, connectionId, directory, now);
    return { findings: findingsOf(outcome, places, directory, now), somebody: outcome, places };
  };

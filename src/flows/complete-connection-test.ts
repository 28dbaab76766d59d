import type { ConnectionTest, TestOutcome } from '../domain/connection-test.ts';
import { advanceTest, testOfState } from '../domain/connection-test.ts';
import type { Directory } from '../domain/directory.ts';
import { sameText, sha256 } from '../domain/digest.ts';
import type { VerifiedIdentity } from '../domain/identity.ts';
import type { ConnectionId, TransactionId } from '../domain/ids.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import { receivedClaims } from '../domain/received-claims.ts';
import { claimsFor, pointersOf } from '../domain/rule-claims.ts';
import type { UpstreamAttempt } from '../domain/upstream-attempt.ts';
import type { AnyConnector } from '../ports/connector.ts';
import type { Log } from '../ports/log.ts';
import type { TestDependencies } from './steps/tests.ts';
import { asOutcome, claimedTest, concludeTest } from './steps/tests.ts';
import { attemptOf } from './steps/trips.ts';

export interface TestAnswer {
  readonly connectionId: ConnectionId;
  readonly browser: string;
  /** What this browser is to be known by once it has been at the identity provider. */
  readonly renewal: string;
  readonly answer: URLSearchParams;
  readonly log: Log;
}

/** The test this answer belongs to, taken by exactly one caller; another browser's answer ends it. RFC 9700 §4.4, §4.7. */
async function take(dependencies: TestDependencies, given: TestAnswer): Promise<{ judging: ConnectionTest; attempt: UpstreamAttempt }> {
  const { connectionId, browser, answer } = given;
  const [state = '', ...others] = answer.getAll('state');
  const id = testOfState(state);
  if (id === null || others.length > 0) throw new PageRefusal('malformed-request', 'state is missing, repeated or not ours');
  const test = await claimedTest(dependencies, { id, connectionId, browser }).catch(async (error: unknown) => {
    if (error instanceof PageRefusal && error.kind === 'other-browser') {
      const foreign = await dependencies.connectionTests.get(id);
      if (foreign?.stage.at === 'upstream' && sameText(foreign.stage.stateDigest, sha256(state)))
        await concludeTest(dependencies, foreign, { came: 'other-browser' });
    }
    throw error;
  });
  const { stage } = test;
  const isWaitedFor = stage.at === 'upstream' && sameText(stage.stateDigest, sha256(state));
  const attempt = isWaitedFor ? attemptOf(dependencies.sealing, stage) : null;
  if (attempt === null) throw new PageRefusal('test-over', 'this answer is not the one that was waited for');
  const judging = advanceTest(test, { at: 'judging' });
  if (!(await dependencies.connectionTests.advance(judging))) throw new PageRefusal('test-over', 'the answer came twice');
  return { judging, attempt };
}

/** What is shown of somebody; what the upstream gave to ask it again with is forgotten here. */
function somebody({ issuer, subject, name, email, groups, assurance, said }: VerifiedIdentity, { tenants }: Directory): TestOutcome {
  const received = said.map(receivedClaims);
  const claims = claimsFor(pointersOf(tenants), said);
  return { came: 'somebody', issuer, subject, name, email, groups: groups === null ? null : [...groups], claims, assurance, received };
}

async function judge(
  directory: Directory,
  connector: AnyConnector,
  { answer, log }: TestAnswer,
  attempt: UpstreamAttempt,
): Promise<TestOutcome> {
  try {
    if (!('answer' in connector)) return somebody(await connector.complete(answer, attempt), directory);
    const turn = await connector.complete(answer, attempt);
    if (turn.turn === 'ask') await connector.abandon(turn.memory);
    return turn.turn === 'identified' ? somebody(turn.identity, directory) : { came: 'question' };
  } catch (error) {
    return asOutcome(error, connector.id, log);
  }
}

/** Judges the answer as a sign-in does, and keeps only what its page shows. */
export const completeConnectionTest =
  (dependencies: TestDependencies) =>
  async (given: TestAnswer): Promise<TransactionId> => {
    const connector = dependencies.connectors.get(given.connectionId);
    if (connector === undefined) throw new PageRefusal('not-found', 'unknown connection');
    const { judging, attempt } = await take(dependencies, given);
    await concludeTest(
      dependencies,
      { ...judging, browser: given.renewal },
      await judge(dependencies.directory, connector, given, attempt),
    );
    return judging.id;
  };

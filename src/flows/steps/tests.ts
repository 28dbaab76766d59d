import { sameText } from '../../domain/digest.ts';
import type { ConnectionTest } from '../../domain/connection-test.ts';
import { TestOutcome, advanceTest } from '../../domain/connection-test.ts';
import type { Directory } from '../../domain/directory.ts';
import type { ConnectionId, TransactionId } from '../../domain/ids.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ConnectionTests } from '../../ports/connection-tests.ts';
import type { AnyConnector } from '../../ports/connector.ts';
import { LoginRefused } from '../../ports/connector.ts';
import type { Log } from '../../ports/log.ts';
import type { Sealing } from '../../ports/sealing.ts';

export interface TestDependencies {
  readonly directory: Directory;
  readonly connectors: ReadonlyMap<ConnectionId, AnyConnector>;
  readonly connectionTests: ConnectionTests;
  readonly sealing: Sealing;
  readonly clock: Clock;
  readonly audit: AuditLog;
}

/** The test if it is this browser's and not too old; anything else is a page. */
export async function claimedTest(
  { connectionTests, clock }: Pick<TestDependencies, 'connectionTests' | 'clock'>,
  { id, connectionId, browser }: { id: TransactionId; connectionId: ConnectionId; browser: string },
): Promise<ConnectionTest> {
  const test = await connectionTests.get(id);
  if (test === null || test.connectionId !== connectionId || clock.now() >= test.expiresAt)
    throw new PageRefusal('test-over', 'the test is unknown or expired');
  if (!sameText(test.browser, browser)) throw new PageRefusal('other-browser', 'the test belongs to another browser');
  return test;
}

const words = (outcome: TestOutcome): string =>
  ({ somebody: 'somebody signed in', refusal: 'refused', question: 'asks on pages of ours', 'other-browser': 'another browser' })[
    outcome.came
  ];

/** Keeps what came of a test for its page, and for the audit that it was made. */
export async function concludeTest(dependencies: TestDependencies, test: ConnectionTest, outcome: TestOutcome): Promise<void> {
  const { audit, connectionTests, sealing } = dependencies;
  const evidence = outcome.came === 'somebody' ? outcome.assurance.evidence : [];
  const rule = outcome.came === 'refusal' ? `${words(outcome)}: ${outcome.refusal}` : words(outcome);
  await audit.append({ event: 'connection.tested', connectionId: test.connectionId, evidence, rule });
  await connectionTests.advance(
    advanceTest(test, { at: 'over', outcome: sealing.seal('connection_test_outcome', JSON.stringify(outcome)) }),
  );
}

/** Null when it was sealed under another key. */
export function outcomeOf(sealing: Sealing, sealed: string): TestOutcome | null {
  const plain = sealing.open('connection_test_outcome', sealed);
  return plain === null ? null : TestOutcome.parse(JSON.parse(plain));
}

/** A refusal of the connector as an outcome, its reason in the log as at any sign-in; every other error is one. */
export function asOutcome(error: unknown, connectionId: ConnectionId, log: Log): TestOutcome {
  if (!(error instanceof LoginRefused)) throw error;
  log.warn(`login.${error.refusal}`, { connection: connectionId, reason: error.reason, error: error.cause });
  return { came: 'refusal', refusal: error.refusal };
}

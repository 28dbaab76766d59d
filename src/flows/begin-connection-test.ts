import { strictest } from '../domain/assurance-demand.ts';
import type { ConnectionTest, TestOutcome } from '../domain/connection-test.ts';
import { advanceTest, connectionTestLifetime, testState } from '../domain/connection-test.ts';
import { sha256 } from '../domain/digest.ts';
import type { Directory } from '../domain/directory.ts';
import type { ConnectionId, TransactionId } from '../domain/ids.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import { leadsInto } from '../domain/tenant.ts';
import type { UpstreamAttempt } from '../domain/upstream-attempt.ts';
import type { AnyConnector } from '../ports/connector.ts';
import type { Entropy } from '../ports/entropy.ts';
import type { Log } from '../ports/log.ts';
import { openTicket } from './steps/test-ticket.ts';
import type { TestDependencies } from './steps/tests.ts';
import { asOutcome, concludeTest } from './steps/tests.ts';
import { firstTurn } from './steps/trips.ts';

export interface BeginTestDependencies extends TestDependencies {
  readonly entropy: Entropy;
}

export interface TestStart {
  readonly connectionId: ConnectionId;
  readonly ticket: string;
  readonly browser: string;
  readonly log: Log;
}

/** What anybody behind this connection asks for: the test shows whether it can be proven. */
function demandOf({ tenants, resources }: Directory, connectionId: ConnectionId) {
  const reached = tenants.filter((tenant) => leadsInto(tenant, connectionId));
  return strictest(...[...reached, ...resources].map(({ demand }) => demand));
}

/** Sends the tester away, or says at once what came of it. */
async function leave(connector: AnyConnector, attempt: UpstreamAttempt, log: Log): Promise<URL | TestOutcome> {
  try {
    const turn = await firstTurn(connector, attempt);
    if (turn.turn === 'leave') return turn.url;
    if (turn.turn === 'identified') throw new PageRefusal('fault', 'a connector knew somebody before asking');
    if ('answer' in connector) await connector.abandon(turn.memory);
    return { came: 'question' };
  } catch (error) {
    return asOutcome(error, connector.id, log);
  }
}

/** Uses up a printed link and goes to the identity provider as a sign-in does; nothing comes of it but a page. */
export const beginConnectionTest =
  (dependencies: BeginTestDependencies) =>
  async ({ connectionId, ticket, browser, log }: TestStart): Promise<{ readonly id: TransactionId; readonly url: URL | null }> => {
    const { connectors, connectionTests, sealing, entropy, clock, directory } = dependencies;
    const now = clock.now();
    const connector = connectors.get(connectionId);
    const known = openTicket(sealing, ticket);
    if (connector === undefined || known?.connectionId !== connectionId)
      throw new PageRefusal('test-over', 'the ticket is not one of ours for this connection');
    if (now >= known.expiresAt) throw new PageRefusal('test-over', 'the ticket has expired');
    const { id } = known;
    const expiresAt = now + connectionTestLifetime;
    const test: ConnectionTest = { id, version: 0, browser, connectionId, stage: { at: 'judging' }, createdAt: now, expiresAt };
    if (!(await connectionTests.add(test))) throw new PageRefusal('test-over', 'the ticket was used already');
    const attempt: UpstreamAttempt = {
      state: testState(id, entropy.secret()),
      nonce: entropy.secret(),
      code_verifier: entropy.secret(),
      demand: demandOf(directory, connectionId),
      afresh: false,
      optional: false,
      prompt: null,
      login_hint: null,
      begunAt: now,
    };
    const gone = await leave(connector, attempt, log);
    if (!(gone instanceof URL)) {
      await concludeTest(dependencies, test, gone);
      return { id, url: null };
    }
    const sealed = sealing.seal('upstream_attempt', JSON.stringify(attempt));
    await connectionTests.advance(advanceTest(test, { at: 'upstream', attempt: sealed, stateDigest: sha256(attempt.state) }));
    return { id, url: gone };
  };

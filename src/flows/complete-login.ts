import { sameText, sha256 } from '../domain/digest.ts';
import type { ConnectionId } from '../domain/ids.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { StageAt, Transaction } from '../domain/transaction.ts';
import { advance, transactionOfState } from '../domain/transaction.ts';
import type { Log } from '../ports/log.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import type { Onward, TurnDependencies } from './steps/take-turn.ts';
import { takeTurn } from './steps/take-turn.ts';
import { attemptOf } from './steps/trips.ts';

interface UpstreamAnswer {
  readonly connectionId: ConnectionId;
  readonly browser: string;
  /** What this browser is to be known by once somebody has signed in; without it, it stays as it was. */
  readonly renewal?: string;
  readonly answer: URLSearchParams;
  readonly log: Log;
}

/** The transaction this answer belongs to, taken by exactly one caller; another browser's answer ends it. RFC 9700 §4.4, §4.7. */
async function take(dependencies: TurnDependencies, given: UpstreamAnswer): Promise<{ judging: Transaction; stage: StageAt<'upstream'> }> {
  const states = given.answer.getAll('state');
  const [state] = states;
  const id = transactionOfState(state ?? null);
  if (states.length !== 1 || state === undefined || id === null)
    throw new PageRefusal('malformed-request', 'state is missing, repeated or not ours');
  const transaction = await claimedTransaction(dependencies)(id, given.browser).catch(async (error: unknown) => {
    if (error instanceof PageRefusal && error.kind === 'other-browser') {
      const foreign = await dependencies.transactions.get(id);
      if (foreign?.stage.at === 'upstream' && sameText(foreign.stage.stateDigest, sha256(state))) {
        await dependencies.transactions.advance(advance(foreign, { at: 'stopped' }));
      }
    }
    throw error;
  });
  const { stage } = transaction;
  if (stage.at !== 'upstream' || stage.connectionId !== given.connectionId || !sameText(stage.stateDigest, sha256(state))) {
    throw new PageRefusal('expired', 'this answer is not the one that was waited for');
  }
  const judging = advance(transaction, { at: 'judging', connectionId: stage.connectionId, previous: stage.previous });
  if (!(await dependencies.transactions.advance(judging))) throw new PageRefusal('expired', 'the answer came twice');
  return { judging, stage };
}

/** Judges the upstream's answer in one go and settles who this is; afterwards the browser goes back to the dispatcher. */
export const completeLogin =
  (dependencies: TurnDependencies) =>
  async (given: UpstreamAnswer): Promise<Onward> => {
    const { connectionId, answer, renewal, log } = given;
    const connector = dependencies.connectors.get(connectionId);
    if (connector === undefined) throw new PageRefusal('not-found', 'unknown connection');
    const { judging, stage } = await take(dependencies, given);
    const attempt = attemptOf(dependencies.sealing, stage);
    if (attempt === null) throw new PageRefusal('expired', 'the attempt was sealed under another key');
    const { previous } = stage;
    const judged = { judging, connectionId, attempt, previous, log, ...(renewal === undefined ? {} : { renewal }) };
    return takeTurn(dependencies)(judged, async () =>
      'answer' in connector
        ? connector.complete(answer, attempt)
        : { turn: 'identified', identity: await connector.complete(answer, attempt) },
    );
  };

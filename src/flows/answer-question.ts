import { sameText } from '../domain/digest.ts';
import type { TransactionId } from '../domain/ids.ts';
import { PageRefusal } from '../domain/oauth-error.ts';
import type { Asked } from '../domain/question.ts';
import type { Transaction } from '../domain/transaction.ts';
import { advance } from '../domain/transaction.ts';
import type { UpstreamAttempt } from '../domain/upstream-attempt.ts';
import type { ConversingConnector, Turn } from '../ports/connector.ts';
import { LoginRefused } from '../ports/connector.ts';
import type { Log } from '../ports/log.ts';
import type { Pause } from '../ports/pause.ts';
import { claimedTransaction } from './steps/claimed-transaction.ts';
import type { Onward, TurnDependencies } from './steps/take-turn.ts';
import { takeTurn } from './steps/take-turn.ts';
import { askedOf, attemptOf } from './steps/trips.ts';

export interface AnswerDependencies extends TurnDependencies {
  readonly pause: Pause;
}

export interface PersonsAnswer {
  readonly id: TransactionId;
  readonly browser: string;
  /** What this browser is to be known by once somebody has signed in: the same for the same answer, so that a second press keeps the page. */
  readonly renewal: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly log: Log;
}

const lookAgainMs = 100;
const mostLooks = 200;

/** Where the press before this one led, once it has been judged: this press is of the same browser, or brings the same answer. */
async function afterTheOther({ transactions, pause }: AnswerDependencies, { id, renewal }: PersonsAnswer): Promise<Onward> {
  for (let look = 0; look < mostLooks; look += 1) {
    const transaction = await transactions.get(id);
    if (transaction?.stage.at !== 'judging') {
      return { id, renewed: transaction !== null && sameText(transaction.browser, renewal) };
    }
    await pause(lookAgainMs);
  }
  return { id, renewed: false };
}

/** An answer that nobody could judge is asked for again with all that was remembered; GoTrue's limits pass within a minute. */
async function judge(
  connector: ConversingConnector,
  { fields, log }: PersonsAnswer,
  { question, memory }: Asked,
  attempt: UpstreamAttempt,
): Promise<Turn> {
  try {
    return await connector.answer(fields, memory, attempt);
  } catch (error) {
    if (!(error instanceof LoginRefused) || error.refusal !== 'unreachable') throw error;
    log.warn('login.unreachable', { connection: connector.id, reason: error.reason });
    return { turn: 'ask', question: { ...question, problem: 'busy' }, memory };
  }
}

async function claimed(dependencies: AnswerDependencies, { id, browser, renewal }: PersonsAnswer): Promise<Transaction> {
  return claimedTransaction(dependencies)(id, browser).catch(async (error: unknown) => {
    // The same answer has been here already, and what it renewed did not reach this browser.
    if (error instanceof PageRefusal && error.kind === 'other-browser') return claimedTransaction(dependencies)(id, renewal);
    throw error;
  });
}

/** What a person filled in on a page of ours: judged once, by whoever comes first. */
export const answerQuestion =
  (dependencies: AnswerDependencies) =>
  async (given: PersonsAnswer): Promise<Onward> => {
    const { sealing, transactions, connectors } = dependencies;
    const transaction = await claimed(dependencies, given);
    const { stage } = transaction;
    if (stage.at !== 'asking') return afterTheOther(dependencies, given);
    const { connectionId, previous } = stage;
    const connector = connectors.get(connectionId);
    const [attempt, asked] = [attemptOf(sealing, stage), askedOf(sealing, stage)];
    if (connector === undefined || !('answer' in connector)) throw new PageRefusal('expired', 'the connection does not ask any more');
    if (attempt === null || asked === null) throw new PageRefusal('expired', 'the question was sealed under another key');
    const judging = advance(transaction, { at: 'judging', connectionId, previous });
    if (!(await transactions.advance(judging))) return afterTheOther(dependencies, given);
    const judged = { judging, connectionId, attempt, previous, renewal: given.renewal, log: given.log };
    return takeTurn(dependencies)(judged, () => judge(connector, given, asked, attempt));
  };

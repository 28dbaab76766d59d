import { sha256 } from '../../domain/digest.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { Asked } from '../../domain/question.ts';
import type { StageAt } from '../../domain/transaction.ts';
import { UpstreamAttempt } from '../../domain/upstream-attempt.ts';
import type { AnyConnector, Turn } from '../../ports/connector.ts';
import type { Sealing } from '../../ports/sealing.ts';

/** One sign-in at one connection: what it is to bring, and who had signed in before it. */
export interface Trip {
  readonly connectionId: ConnectionId;
  readonly attempt: UpstreamAttempt;
  readonly previous: StageAt<'consenting'> | null;
}

/** How a trip begins: away from us, or on a page of ours where the connector asks the person itself. */
export const firstTurn = async (connector: AnyConnector, attempt: UpstreamAttempt): Promise<Turn> =>
  'answer' in connector ? connector.begin(attempt) : { turn: 'leave', url: await connector.begin(attempt) };

/** Where a transaction waits for the other side: at the upstream, or for an answer on a page of ours. */
export function waitingStage(
  sealing: Sealing,
  { connectionId, attempt, previous }: Trip,
  turn: Exclude<Turn, { turn: 'identified' }>,
): StageAt<'upstream'> | StageAt<'asking'> {
  const waiting = { connectionId, attempt: sealing.seal('upstream_attempt', JSON.stringify(attempt)), previous };
  if (turn.turn === 'leave') return { at: 'upstream', ...waiting, stateDigest: sha256(attempt.state) };
  const { question, memory } = turn;
  return { at: 'asking', ...waiting, asked: sealing.seal('question', JSON.stringify({ question, memory })) };
}

/** Null when it was sealed under another key. */
export function attemptOf(sealing: Sealing, { attempt }: { readonly attempt: string }): UpstreamAttempt | null {
  const plain = sealing.open('upstream_attempt', attempt);
  return plain === null ? null : UpstreamAttempt.parse(JSON.parse(plain));
}

/** Null when it was sealed under another key. */
export function askedOf(sealing: Sealing, { asked }: StageAt<'asking'>): Asked | null {
  const plain = sealing.open('question', asked);
  return plain === null ? null : Asked.parse(JSON.parse(plain));
}

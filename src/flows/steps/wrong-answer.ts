import type { AuditSubject } from '../../domain/audit-event.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import type { PasskeyFault } from '../../domain/passkey.ts';
import { mostTries } from '../../domain/question.ts';
import type { StageAt, Transaction } from '../../domain/transaction.ts';
import { advance } from '../../domain/transaction.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Transactions } from '../../ports/transactions.ts';

/** Who answers, for the record. */
export const aboutPerson = ({ request }: Transaction, { person }: StageAt<'consenting'>, tenantId: string): AuditSubject => ({
  userId: person.userId,
  tenantId,
  connectionId: person.connectionId,
  clientId: request.client_id,
  clientName: request.client_name,
});

/** Counts a wrong answer of our own second factor; the last one ends the transaction. `because` is for the record. */
export async function wrongAnswer(
  { transactions, audit }: { readonly transactions: Transactions; readonly audit: AuditLog },
  transaction: Transaction,
  about: AuditSubject,
  because?: PasskeyFault,
): Promise<void> {
  const tries = (transaction.tries ?? 0) + 1;
  await audit.append({
    ...about,
    event: 'login.refused',
    rule: because === undefined ? 'wrong-answer' : `wrong-answer; passkey: ${because}`,
  });
  const isOver = tries >= mostTries;
  await transactions.advance({ ...advance(transaction, isOver ? { at: 'stopped' } : transaction.stage), tries });
  if (isOver) throw new PageRefusal('too-many-tries', `${mostTries} wrong answers in one sign-in`);
}

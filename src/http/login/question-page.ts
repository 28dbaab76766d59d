import type { Context } from 'koa';
import type { ConnectionId } from '../../domain/ids.ts';
import { findConnection } from '../../domain/directory.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import { mostTries } from '../../domain/question.ts';
import type { Situation } from '../../flows/continue-authorization.ts';
import { questionPage } from '../../pages/question.ts';
import type { HttpDependencies } from '../context.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { showPage } from '../page-refusals.ts';

/** The page of a sign-in that asks here; after a wrong answer with the status of a form that has to be filled in again. */
export function showQuestion(
  ctx: Context,
  { organisation, directory }: HttpDependencies,
  { transaction, resource, question }: Situation,
  { csrf, connectionId }: { csrf: string; connectionId: ConnectionId },
): void {
  const connection = findConnection(directory, connectionId);
  if (question === null || connection === null) throw new PageRefusal('expired', 'the connection is no longer configured');
  const at = transactionPath(transaction.id);
  const view = {
    organisation,
    connectionName: connection.name,
    resource: { name: resource.name },
    question,
    triesLeft: mostTries - (transaction.tries ?? 0),
    action: `${at}/answer`,
    otherWayAction: `${at}/other-way`,
    stopAction: `${at}/stop`,
    transaction: transaction.id,
    csrf,
  };
  showPage(ctx, question.problem === 'no-match' && ctx.method === 'POST' ? 422 : 200, questionPage(view));
}

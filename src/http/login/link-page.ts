import type { Context } from 'koa';
import { findConnection } from '../../domain/directory.ts';
import type { LinkVerdict } from '../../domain/linking.ts';
import type { Step } from '../../domain/next-step.ts';
import type { Person } from '../../domain/person.ts';
import type { Situation } from '../../flows/continue-authorization.ts';
import { join } from '../../pages/join.ts';
import type { JoinView, SignIn } from '../../pages/join-view.ts';
import type { HttpDependencies } from '../context.ts';
import { transactionPath } from '../oauth/authorize.ts';
import { showPage } from '../page-refusals.ts';

type JoinStep = Extract<Step, { step: 'join' }>;

const signInOf =
  ({ directory }: HttpDependencies) =>
  ({ email, name, connectionId }: Person): SignIn => ({
    account: email ?? name ?? 'You',
    connectionName: findConnection(directory, connectionId)?.name ?? 'Your company sign-in',
  });

function proposalOf(verdict: LinkVerdict, signIns: JoinView['signIns'], apps: number): JoinView['proposal'] {
  if (verdict.verdict === 'join') return { stays: verdict.stays, apps };
  if (verdict.verdict !== 'not-fresh') return { refused: { kind: verdict.verdict } };
  const { connectionName } = (verdict.half === 'second' ? signIns[1] : undefined) ?? signIns[0];
  return { refused: { kind: 'not-fresh', connection: connectionName } };
}

/** The page of two sign-ins of one person. */
export function showJoin(
  ctx: Context,
  dependencies: HttpDependencies,
  { transaction, endingApps }: Situation,
  { step: { stage, verdict }, csrf }: { step: JoinStep; csrf: string },
): void {
  const known = signInOf(dependencies);
  const { person, linking } = stage;
  const signIns: JoinView['signIns'] = linking?.half === 'second' ? [known(linking.first), known(person)] : [known(person)];
  const at = transactionPath(transaction.id);
  const view = {
    organisation: dependencies.organisation,
    signIns,
    proposal: proposalOf(verdict, signIns, endingApps),
    joinAction: `${at}/link/join`,
    apartAction: `${at}/link/apart`,
    transaction: transaction.id,
    csrf,
  };
  showPage(ctx, verdict.verdict === 'join' || verdict.verdict === 'joined-already' ? 200 : 403, join(view));
}

import type { Context } from 'koa';
import type { Resource } from '../../domain/resource.ts';
import { respondTo } from '../../domain/redirect-uri.ts';
import { codeOf } from '../../domain/token-format.ts';
import type { StageAt, Transaction } from '../../domain/transaction.ts';
import { handOver } from '../../pages/hand-over.ts';
import { vettedHref } from '../../pages/vetted-href.ts';
import type { HttpDependencies } from '../context.ts';
import { sendOn } from '../context.ts';
import { showPage } from '../page-refusals.ts';

/** Goes to the client with the answer: straight to web and loopback addresses, by a page to an app, whose tab would stay behind empty. RFC 6749 §4.1.2, RFC 9207 §2. */
function deliver(
  ctx: Context,
  { organisation }: HttpDependencies,
  facts: { transaction: Transaction; resource: Resource; to: string; allowed: readonly string[] | null },
): void {
  const { transaction, resource, to, allowed } = facts;
  const { returnAddress, client_name } = transaction.request;
  if (returnAddress.kind !== 'app') return sendOn(ctx, to);
  const outcome = allowed === null ? 'denied' : 'approved';
  const view = { organisation, app: { name: client_name }, resource, outcome, allowed: allowed ?? [], href: vettedHref(to) } as const;
  return showPage(ctx, 200, handOver(view));
}

export function deliverCode(
  ctx: Context,
  dependencies: HttpDependencies,
  facts: { transaction: Transaction; resource: Resource; stage: StageAt<'approved'> },
): void {
  const { transaction, resource, stage } = facts;
  const { returnAddress, state } = transaction.request;
  const code = codeOf(stage.grantId, dependencies.sealing.mac).reveal();
  const to = respondTo(returnAddress, { code, state, iss: dependencies.directory.issuer });
  const allowed = resource.scopes.filter((scope) => stage.scope.includes(scope.name)).map((scope) => scope.title);
  deliver(ctx, dependencies, { transaction, resource, to, allowed });
}

export function deliverDenial(ctx: Context, dependencies: HttpDependencies, facts: { transaction: Transaction; resource: Resource }): void {
  const { returnAddress, state } = facts.transaction.request;
  const to = respondTo(returnAddress, { error: 'access_denied', state, iss: dependencies.directory.issuer });
  deliver(ctx, dependencies, { ...facts, to, allowed: null });
}

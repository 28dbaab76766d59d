import type { Context } from 'koa';
import { administrationSentences } from '../../domain/administration.ts';
import { consolePaths } from '../../domain/console.ts';
import { PageRefusal } from '../../domain/oauth-error.ts';
import { invitation } from '../../pages/invitation.ts';
import { readForm, readParameters } from '../body.ts';
import { csrfToken, requireOurForm } from '../csrf.ts';
import type { Route } from '../endpoint.ts';
import { pageRefusals, showPage } from '../page-refusals.ts';
import { patience, patiently } from '../patience.ts';
import type { ConsoleDependencies } from './session.ts';
import { beginSignIn } from './sign-in.ts';

/** What the form is bound to besides its browser. */
const formName = 'invitation';

const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

/** Looking uses nothing up: a link is opened by mail filters and previews too. */
async function look(ctx: Context, dependencies: ConsoleDependencies): Promise<void> {
  const { cookie, organisation, sealing, limits, flows } = dependencies;
  limits.authorize(ctx);
  const ticket = readParameters(ctx.querystring).values['ticket'] ?? '';
  const { invitation: open, tenant, role, inviter } = await flows.lookAtInvitation(ticket);
  const csrf = csrfToken(sealing, cookie.establish(ctx), formName);
  const next = { press: 'sign-in', action: consolePaths.invitation, ticket, csrf, until: moment.format(open.expiresAt) } as const;
  const about = { workspace: tenant.name, role: role.name, allows: administrationSentences(role), by: inviter?.user.name ?? null };
  showPage(ctx, 200, invitation({ organisation, ...about, next }));
}

/** The sign-in of the pages, which comes by the invitation before it comes to them. */
async function begin(ctx: Context, dependencies: ConsoleDependencies): Promise<void> {
  const { cookie, directory, sealing, flows } = dependencies;
  const browser = cookie.read(ctx, '');
  if (browser === null) throw new PageRefusal('other-browser', 'the browser has no cookie of ours');
  const form = await readForm(ctx);
  requireOurForm(ctx, { issuer: directory.issuer, sealing, browser, transaction: formName, form });
  const { invitation: open, tenant } = await flows.lookAtInvitation(form.values['ticket'] ?? '');
  await beginSignIn(ctx, dependencies, null, { invitation: { id: open.id, key: open.key, tenantId: tenant.id } });
}

/** Where the link of an invitation leads. */
export const invitationRoutes =
  (dependencies: ConsoleDependencies): Route =>
  (router) => {
    const pages = pageRefusals(dependencies);
    const inTime = patiently(dependencies.inTime(patience.person));
    router.get(consolePaths.invitation, pages, inTime, (ctx: Context) => look(ctx, dependencies));
    router.post(consolePaths.invitation, pages, inTime, (ctx: Context) => begin(ctx, dependencies));
  };

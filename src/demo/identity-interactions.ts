import type { IncomingMessage } from 'node:http';
import Router, { type RouterContext } from '@koa/router';
import type { default as Provider, InteractionResults } from 'oidc-provider';
import { codePage, frontPage, leavePage, loginPage } from './identity-pages.ts';
import { mfaAcr, passwordAcr, secondFactorPrompt } from './identity-policy.ts';
import type { SecondFactors } from './identity-totp.ts';
import { demoPassword, personByLogin, personBySub, type Person } from './people.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

const formLimit = 10_000;

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > formLimit) throw Object.assign(new Error('the form is too large'), { status: 413, expose: true });
  }
  return new URLSearchParams(text);
}

function knownLogin({ session, params }: Interaction): string {
  const hint = params['login_hint'];
  return (personBySub(session?.accountId) ?? (typeof hint === 'string' ? personByLogin(hint) : null))?.login ?? '';
}

/** Forgets whoever was signed in here before, so that another person can sign in with the same browser. */
async function forgetOthers(idp: Provider, interaction: Interaction, person: Person): Promise<void> {
  const { session } = interaction;
  if (session?.accountId === undefined || session.accountId === person.sub) return;
  await (await idp.Session.findByUid(session.uid))?.destroy();
  delete interaction.session;
  await interaction.persist();
}

interface Desk {
  readonly idp: Provider;
  readonly factors: SecondFactors;
}

const actionOf = ({ uid }: Interaction): string => `/interaction/${uid}`;

/** Sends the browser back into oidc-provider, with what this page found out. */
async function finish({ idp }: Desk, ctx: RouterContext, result: InteractionResults): Promise<void> {
  ctx.redirect(await idp.interactionResult(ctx.req, ctx.res, result));
  ctx.status = 303;
}

function showCode({ factors }: Desk, ctx: RouterContext, interaction: Interaction, problem: string | null): void {
  const person = personBySub(interaction.session?.accountId);
  if (person === null) throw new Error('a second factor was asked of nobody');
  const shown = factors.shown(person.login);
  if ('waitSeconds' in shown) ctx.set('Refresh', String(shown.waitSeconds));
  ctx.body = codePage({ action: actionOf(interaction), name: person.name, shown, problem });
}

async function checkPassword(desk: Desk, ctx: RouterContext, interaction: Interaction, form: URLSearchParams): Promise<void> {
  const login = form.get('login') ?? '';
  const person = personByLogin(login);
  if (person === null || form.get('password') !== demoPassword) {
    ctx.status = 422;
    ctx.body = loginPage({ action: actionOf(interaction), login, problem: 'That user name and password do not belong together.' });
    return;
  }
  await forgetOthers(desk.idp, interaction, person);
  await finish(desk, ctx, { login: { accountId: person.sub, acr: passwordAcr, amr: ['pwd'] }, select_account: {} });
}

async function checkCode(desk: Desk, ctx: RouterContext, interaction: Interaction, form: URLSearchParams): Promise<void> {
  const { session } = interaction;
  const person = personBySub(session?.accountId);
  if (session === undefined || person === null || !desk.factors.accept(person.login, form.get('code') ?? '')) {
    ctx.status = 422;
    showCode(desk, ctx, interaction, 'That code did not match, or was used already. Type the one shown now.');
    return;
  }
  // The password was given when the session began: that stays the moment of authentication.
  const ts = (await desk.idp.Session.findByUid(session.uid))?.loginTs;
  await finish(desk, ctx, { login: { accountId: person.sub, acr: mfaAcr, amr: ['pwd', 'otp', 'mfa'], ts }, [secondFactorPrompt]: {} });
}

/** The pages on which a person says who they are; everything else is oidc-provider's. */
export function interactions(idp: Provider, factors: SecondFactors): Router {
  const desk: Desk = { idp, factors };
  const router = new Router();

  router.get('/', (ctx) => {
    ctx.body = frontPage();
  });

  router.get('/interaction/:uid', async (ctx) => {
    const interaction = await idp.interactionDetails(ctx.req, ctx.res);
    if (interaction.prompt.name === secondFactorPrompt) return showCode(desk, ctx, interaction, null);
    // Inside one company nobody is asked whether the company's own application may know who they are.
    if (interaction.prompt.name === 'consent') return finish(desk, ctx, { consent: {} });
    ctx.body = loginPage({ action: actionOf(interaction), login: knownLogin(interaction), problem: null });
  });

  router.post('/interaction/:uid', async (ctx) => {
    const form = await readForm(ctx.req);
    const interaction = await idp.interactionDetails(ctx.req, ctx.res);
    await (interaction.prompt.name === secondFactorPrompt ? checkCode : checkPassword)(desk, ctx, interaction, form);
  });

  router.get('/interaction/:uid/leave', async (ctx) => {
    ctx.body = leavePage(actionOf(await idp.interactionDetails(ctx.req, ctx.res)));
  });

  router.post('/interaction/:uid/leave', (ctx) =>
    finish(desk, ctx, { error: 'access_denied', error_description: 'the person did not sign in' }),
  );

  return router;
}

/** An administrator at the administrators' pages, in a browser without a screen. */
import { wordsOf } from './browser.ts';
import type { Browser, Page } from './browser.ts';
import { openBrowser, signIn } from './client.ts';
import type { System } from './system.ts';

/** Signs in up to the decision, or to whatever stands there instead. */
export async function arriveAtConsole({ issuer }: Pick<System, 'issuer'>, login: string, at = '/admin'): Promise<Browser> {
  const browser = openBrowser();
  await browser.get(`${issuer}${at}`);
  await signIn(browser, login);
  return browser;
}

/** Follows the link of an invitation as far as the question whether they take it, or whatever stands there instead. */
export async function followInvitation(link: string, login: string): Promise<Browser> {
  const browser = openBrowser();
  await browser.get(link);
  if (browser.page.status !== 200) return browser;
  await browser.submit({}, { form: '/admin/invitation', press: 'Sign in' });
  await signIn(browser, login);
  return browser;
}

/** Signed in, in front of the rules of their workspace. */
export async function openConsole(
  system: Pick<System, 'issuer'>,
  login: string,
  scope: readonly string[] = ['admin:read', 'admin:write'],
  at?: string,
): Promise<Browser> {
  const browser = await arriveAtConsole(system, login, at);
  await browser.submit({ scope: [...scope] }, { form: '/consent', press: 'Approve' });
  return browser;
}

export const rulesAt = (workspace: string): string => `/admin/workspaces/${workspace}/rules`;

/** Presses a button of the draft, with fields changed before; a list has one value for each rule. */
export const pressRules = (
  browser: Browser,
  press: string,
  values: Record<string, string | readonly string[] | null> = {},
): Promise<Page> => browser.submit(values, { form: '/rules', press });

/** What one field says for each rule of the draft. */
export const column = (browser: Browser, name: 'group' | 'effect' | 'role' | 'from' | 'connection' | 'until' | 'claim' | 'is'): string[] =>
  browser.form('/rules').fields.getAll(name);

export const said = (browser: Browser): string => wordsOf(browser.page.body.replace(/<(head|footer)[\s\S]*?<\/\1>/g, ''));

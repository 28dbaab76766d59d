import type { Belonging, Step } from '../../domain/next-step.ts';
import type { Directory } from '../../domain/directory.ts';
import { canLink, findConnection, rolesHolding } from '../../domain/directory.ts';
import type { Person } from '../../domain/person.ts';
import type { Resource, ResourceScope } from '../../domain/resource.ts';
import { isPermitted } from '../../domain/scope.ts';
import type { Lack } from '../../domain/assurance-demand.ts';
import { entryTo } from '../../domain/entry.ts';
import { destinationOf } from '../../domain/transaction.ts';
import type { Transaction } from '../../domain/transaction.ts';
import type { Situation } from '../../flows/continue-authorization.ts';
import type { BeforeSignInView, LookedFor } from '../../pages/before-sign-in.ts';
import type { Scope } from '../../pages/choices.ts';
import type { ConsentView } from '../../pages/consent-view.ts';
import { withArticle } from '../../pages/names.ts';
import type { Notice } from '../../pages/notice.ts';
import { changedNotice, offlineNotice } from '../../pages/notice.ts';
import type { App, ReturnTo } from '../../pages/request.ts';
import type { HttpDependencies } from '../context.ts';
import { transactionPath } from '../oauth/authorize.ts';

export const appOf = ({ client_name, verifiedHost, configured }: Transaction['request']): App => ({
  name: client_name,
  verifiedHost,
  configured,
});

export function returnToOf({ returnAddress, verifiedHost }: Transaction['request']): ReturnTo {
  const { kind, host } = returnAddress;
  switch (kind) {
    case 'loopback':
      return { kind, host };
    case 'web':
      return { kind, host, own: verifiedHost === host };
    case 'app':
      return { kind, scheme: host.replace(/:$/, '') };
  }
}

const accountText = ({ email, name }: Person): string => email ?? name ?? 'You';
const nameOf = (directory: Directory, { connectionId }: Person): string =>
  findConnection(directory, connectionId)?.name ?? 'Your company sign-in';

/** Where somebody presses who has another account too; null where there is nothing to join. */
export const linkActionOf = ({ directory }: HttpDependencies, { id, request }: Transaction, { connectionId }: Person): string | null =>
  canLink(directory, destinationOf(request), connectionId) ? `${transactionPath(id)}/link` : null;

const serverOf = (resource: Resource) => ({ name: resource.name, host: new URL(resource.identifier).host });

function signInNotice(notice: 'unreachable' | 'sign-in-cancelled' | null): Notice | null {
  if (notice === null) return null;
  if (notice === 'unreachable') return offlineNotice('Your company sign-in');
  return {
    tone: 'plain',
    title: 'The sign-in was not finished',
    text: 'It was cancelled there, or this account may not use it. Nothing was shared.',
  };
}

export function signInView(
  { organisation, directory }: HttpDependencies,
  { transaction, resource, offer, step }: Situation,
  facts: { csrf: string; notice: 'unreachable' | 'sign-in-cancelled' | null; lookedFor?: LookedFor },
): BeforeSignInView {
  const { connections = [], hinted = null, byEmail = false } = offer ?? {};
  const joining = step.step === 'choose-connection' ? step.joins : undefined;
  const single = connections.length === 1;
  const at = transactionPath(transaction.id);
  return {
    organisation,
    app: appOf(transaction.request),
    resource: serverOf(resource),
    returnTo: returnToOf(transaction.request),
    doors: connections.map((connection) => ({
      connectionId: connection.id,
      name: connection.name,
      subline: connection.subline ?? '',
      filled: single || connection.id === hinted,
      tile: 'lock' as const,
    })),
    emailLookup: byEmail ? { action: `${at}/company`, lookedFor: facts.lookedFor ?? null } : null,
    linking:
      joining === undefined
        ? null
        : { account: accountText(joining), connectionName: nameOf(directory, joining), backAction: `${at}/link/apart` },
    notice: signInNotice(facts.notice),
    stopAction: `${at}/stop`,
    transaction: transaction.id,
    csrf: facts.csrf,
  };
}

type ConsentStep = Extract<Step, { step: 'consent' }>;

const listed = (names: readonly string[], last: 'and' | 'or') =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} ${last} ${names.at(-1) ?? ''}`;

/** Why a scope is not to be had, in the person's words, and whom to ask. */
function reasonFor({ directory, organisation }: HttpDependencies, scope: ResourceScope, chosen: Belonging): string {
  const able = rolesHolding(directory, scope.permissions).map((role) => role.name);
  const needs = able.length === 0 ? 'no role here can do this' : `this needs the ${listed(able, 'or')} role`;
  return `Not available: in ${chosen.tenant.name} you are ${withArticle(listed(chosen.roleNames, 'and'))}, and ${needs}. ${organisation.helpName} can change that.`;
}

/** What a proof is called on the page. */
const proofs: Readonly<Record<Lack, string>> = {
  'second factor': 'a second sign-in step',
  'phishing-resistant sign-in': 'a sign-in with a security key or passkey',
  'recent sign-in': 'a recent sign-in',
};

/** The person may have it, and their sign-in did not prove enough: connecting again asks for the proof again. */
const unprovenReason = (lacks: readonly Lack[], connection: string): string =>
  `Not available now: this needs ${listed(
    lacks.map((lack) => proofs[lack]),
    'and',
  )}, which ${connection} did not confirm. Connect again from the app to try once more.`;

function scopeRow(dependencies: HttpDependencies, resource: Resource, scope: ResourceScope, step: ConsentStep, connection: string): Scope {
  const { chosen, withheld } = step;
  const permitted = isPermitted(scope, chosen.permissions);
  const lacks = withheld.get(scope.name);
  // A tool stands under the scope only if the role lets the person call it at all.
  const tools = [...resource.tools].filter(([, rule]) => rule.scopes.includes(scope.name));
  const usable = tools.filter(([, rule]) => !permitted || rule.permissions.every((permission) => chosen.permissions.includes(permission)));
  return {
    name: scope.name,
    title: scope.title,
    note: scope.note,
    changes: scope.changes,
    tools: usable.map(([name]) => name),
    state: !permitted || lacks !== undefined ? 'unavailable' : scope.changes ? 'unticked' : 'ticked',
    reason: !permitted ? reasonFor(dependencies, scope, chosen) : lacks === undefined ? null : unprovenReason(lacks, connection),
  };
}

function consentNotice({ stage: { notice }, withheld }: ConsentStep): Notice | null {
  switch (notice) {
    case null:
      return null;
    case 'changed-meanwhile':
      return changedNotice('Your access or the choice of workspace is not what it was.');
    case 'nothing-chosen':
      return { tone: 'warn', title: 'Choose at least one thing it may do', text: 'Or press Deny: then it gets nothing.' };
    case 'unreachable':
      return offlineNotice('Your company sign-in');
    case 'link-cancelled':
      return { tone: 'plain', title: 'The other sign-in was not finished', text: 'Nothing was joined. You can go on here as before.' };
    case 'joined':
      return {
        tone: 'ok',
        title: 'Your accounts are joined',
        text: 'Whichever of the two you sign in with, you are the same person here from now on.',
      };
    case 'step-up-cancelled':
      return {
        tone: 'plain',
        title: 'The extra sign-in step was not finished',
        text: withheld.size > 0 ? 'You can still allow what does not need it.' : 'You can still choose another workspace.',
      };
  }
}

const daysOf = (seconds: number): string => {
  const days = Math.round(seconds / 86_400);
  return days === 1 ? '1 day' : `${days} days`;
};

export function consentView(
  dependencies: HttpDependencies,
  { transaction, resource, belongings }: Situation,
  step: ConsentStep,
  csrf: string,
): ConsentView {
  const { clock, directory, organisation } = dependencies;
  const { chosen, stage } = step;
  const { request } = transaction;
  const at = transactionPath(transaction.id);
  const asked = resource.scopes.filter((scope) => request.scope.includes(scope.name));
  const connectionName = findConnection(directory, stage.person.connectionId)?.name ?? '';
  return {
    organisation,
    app: appOf(request),
    resource: serverOf(resource),
    account: {
      name: stage.person.name ?? stage.person.email ?? 'You',
      email: stage.person.email,
      connectionName,
    },
    otherAccountAction: `${at}/account`,
    linkAction: linkActionOf(dependencies, transaction, stage.person),
    tenants: belongings.map((belonging) => ({
      id: belonging.tenant.id,
      name: belonging.tenant.name,
      roleTitle: listed(belonging.roleNames, 'and'),
      chosen: belonging === chosen,
      needsStepUp: entryTo(belonging.tenant, resource, request, stage.person, clock.now()).lacks.length > 0,
    })),
    tenantIsGiven: destinationOf(request) !== null,
    scopes: asked.map((scope) => scopeRow(dependencies, resource, scope, step, connectionName)),
    lasts: { title: `Until ${daysOf(resource.lifetimes.refreshIdle)} unused`, note: 'or until you disconnect it' },
    returnTo: returnToOf(request),
    notice: consentNotice(step),
    action: `${at}/consent`,
    tenantAction: `${at}/tenant`,
    buttons: resource.buttons,
    transaction: transaction.id,
    csrf,
  };
}

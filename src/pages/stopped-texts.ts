/** The plain words for every way a sign-in ends early. Nothing here repeats text from a request. */
import type { IconName } from './icons.ts';
import { displayName } from './names.ts';

export interface StoppedText {
  title: string;
  cause: string;
  /** What did not happen; null where that cannot be promised. */
  assurance: string | null;
  nextStep: string;
  icon: IconName;
}

/** Why a page stops, with the names its words need. Names come from our own records, never from the request. */
export type Stop =
  | { kind: 'unknown-app' }
  | { kind: 'address-never-registered'; app: string }
  | { kind: 'malformed-request' }
  | { kind: 'expired'; app: string | null; minutes: number }
  | { kind: 'other-browser' }
  | { kind: 'cancelled'; connection: string }
  | { kind: 'not-answering'; connection: string }
  | { kind: 'no-access'; server: string; workspace?: string; account: string | null }
  | { kind: 'second-step-missing'; connection: string; workspace: string }
  | { kind: 'stronger-step-missing'; connection: string; workspace: string }
  | { kind: 'sign-in-too-old'; connection: string; workspace: string }
  | { kind: 'sign-in-untrustworthy'; connection: string }
  | { kind: 'foreign-account'; connection: string }
  | { kind: 'groups-unknown'; connection: string }
  | { kind: 'app-withdrawn'; app: string }
  | { kind: 'too-many-tries'; minutes: number }
  | { kind: 'test-over' }
  | { kind: 'invitation-over' }
  | { kind: 'signed-out' }
  | { kind: 'no-such-page' }
  | { kind: 'our-fault' }
  | { kind: 'person-stopped'; app: string | null };

export const notSignedIn = 'Nothing was shared, and you are not signed in.';
export const nothingShared = 'Nothing was shared.';

/** The words for one stop; `helpName` is who helps people there. */
export const stoppedText = (stop: Stop, helpName: string): StoppedText =>
  (words[stop.kind] as (stop: Stop, help: string) => StoppedText)(stop, displayName(helpName));

const minutesOf = (minutes: number): string => (minutes === 1 ? '1 minute' : `${String(minutes)} minutes`);
const placeOf = (server: string, workspace?: string): string =>
  workspace === undefined ? displayName(server) : `${displayName(server)} in the workspace ${displayName(workspace)}`;
const twice = (help: string): string => `If you see this twice, send the reference to ${help}.`;

type Words = { readonly [Kind in Stop['kind']]: (stop: Extract<Stop, { kind: Kind }>, help: string) => StoppedText };

const words: Words = {
  'unknown-app': (_, help) => ({
    title: 'We stopped this sign-in',
    cause: 'We don’t know the app that sent you here. Perhaps it was removed, or it kept the details of another server.',
    assurance: notSignedIn,
    nextStep: `Close this tab, remove this server in the app and add it again. ${twice(help)}`,
    icon: 'stop',
  }),
  'address-never-registered': ({ app }, help) => ({
    title: 'We stopped this sign-in',
    cause: `${displayName(app)} asked us to send your answer to an address it never registered. That can be a mistake in the app, or someone trying to catch your sign-in.`,
    assurance: notSignedIn,
    nextStep: `Close this tab and start again from ${displayName(app)}. ${twice(help)}`,
    icon: 'stop',
  }),
  'malformed-request': (_, help) => ({
    title: 'We stopped this sign-in',
    cause: 'The request that brought you here is incomplete or contradicts itself. That is usually a mistake in the app.',
    assurance: notSignedIn,
    nextStep: `Close this tab and connect again from the app. ${twice(help)}`,
    icon: 'stop',
  }),
  expired: ({ app, minutes }) => ({
    title: 'This page has expired',
    cause: `Sign-in pages work for ${minutesOf(minutes)}, so that an old tab can’t be used by somebody else.`,
    assurance: nothingShared,
    nextStep: `Go back to ${app === null ? 'the app' : displayName(app)} and connect again.`,
    icon: 'clock',
  }),
  'other-browser': () => ({
    title: 'This sign-in belongs to another browser',
    cause:
      'It was started somewhere else, or this browser did not keep its cookie. We only finish a sign-in where it began, so that nobody can finish one for you.',
    assurance: nothingShared,
    nextStep: 'Start again from the app, and stay in the browser it opens. If somebody sent you this link, don’t use it.',
    icon: 'stop',
  }),
  cancelled: ({ connection }, help) => ({
    title: 'The sign-in was not finished',
    cause: `${displayName(connection)} told us that it was cancelled there, or that this account may not use it.`,
    assurance: notSignedIn,
    nextStep: `Try again, or sign in another way. If the account should work, ask ${help}.`,
    icon: 'stop',
  }),
  'not-answering': ({ connection }) => ({
    title: `${displayName(connection)} is not answering`,
    cause: 'Your account is fine. The place where your company signs people in did not reply to us.',
    assurance: notSignedIn,
    nextStep: 'Try again, or sign in another way. Your place here is kept for 10 minutes.',
    icon: 'clock',
  }),
  'sign-in-untrustworthy': ({ connection }, help) => ({
    title: 'We stopped this sign-in',
    cause: `The answer we got from ${displayName(connection)} did not pass our checks, so we cannot be sure who is signing in.`,
    assurance: notSignedIn,
    nextStep: `Close this tab and connect again from the app. ${twice(help)}`,
    icon: 'stop',
  }),
  'foreign-account': ({ connection }, help) => ({
    title: 'This account belongs somewhere else',
    cause: `${displayName(connection)} signed you in with an account of another organisation, or a private one. This sign-in is for the accounts of one organisation only.`,
    assurance: notSignedIn,
    nextStep: `Connect again from the app and choose your work account there. If this is your work account, send the reference to ${help}.`,
    icon: 'stop',
  }),
  'groups-unknown': ({ connection }, help) => ({
    title: 'We could not see your groups',
    cause: `${displayName(connection)} did not tell us which groups you are in, and your access depends on them.`,
    assurance: nothingShared,
    nextStep: `Try again in a few minutes. ${twice(help)}`,
    icon: 'stop',
  }),
  'second-step-missing': ({ connection, workspace }, help) => ({
    title: 'A second sign-in step is missing',
    cause: `${displayName(workspace)} asks for two steps, such as a password and a code. ${displayName(connection)} did not confirm that you used a second one.`,
    assurance: nothingShared,
    nextStep: `Sign in again and use your second step. If you did use it, send the reference to ${help}: ${displayName(connection)} has to tell us about it.`,
    icon: 'stop',
  }),
  'stronger-step-missing': ({ connection, workspace }, help) => ({
    title: 'A stronger sign-in is missing',
    cause: `${displayName(workspace)} asks for a sign-in that nobody can copy, such as with a security key or a passkey. ${displayName(connection)} did not confirm that you used one.`,
    assurance: nothingShared,
    nextStep: `Sign in again with your security key or passkey. If you did use it, send the reference to ${help}: ${displayName(connection)} has to tell us about it.`,
    icon: 'stop',
  }),
  'sign-in-too-old': ({ connection, workspace }, help) => ({
    title: 'You signed in too long ago',
    cause: `${displayName(workspace)} asks for a recent sign-in. ${displayName(connection)} did not confirm that yours is.`,
    assurance: nothingShared,
    nextStep: `Sign in again, with your password if you are asked for it. If you just did, send the reference to ${help}: ${displayName(connection)} has to tell us when.`,
    icon: 'clock',
  }),
  'no-access': ({ server, workspace, account }, help) => ({
    title: `You have no access to ${placeOf(server, workspace)} yet`,
    cause: `You are signed in${account === null ? '' : ` as ${displayName(account)}`}, but nobody has given you access to ${placeOf(server, workspace)}.`,
    assurance: nothingShared,
    nextStep: `Ask ${help} for access, or sign in with another account.`,
    icon: 'info',
  }),
  'app-withdrawn': ({ app }, help) => ({
    title: `${displayName(app)} may not be used here`,
    cause: `${help} has switched this app off for everyone, or the people who made it took it back.`,
    assurance: nothingShared,
    nextStep: `If you need it, ask ${help}. The reference tells them which app you mean.`,
    icon: 'stop',
  }),
  'too-many-tries': ({ minutes }, help) => ({
    title: 'Too many tries',
    cause: `We have paused this for a while. It opens again in ${minutesOf(minutes)}.`,
    assurance: nothingShared,
    nextStep: `Wait, then connect again from the app. If it is urgent, ${help} can help.`,
    icon: 'clock',
  }),
  'test-over': () => ({
    title: 'This test link does not work any more',
    cause:
      'Each link works once, for 10 minutes, and for one sign-in connection. This one was used already, is too old, or is not one of ours.',
    assurance: nothingShared,
    nextStep: 'Run the connection test again for a new link.',
    icon: 'clock',
  }),
  'invitation-over': () => ({
    title: 'This invitation does not work any more',
    cause:
      'Each invitation works once and for one person. This one was used already, is too old or was taken back, or whoever made it may not invite any more.',
    assurance: 'Nothing was changed.',
    nextStep: 'If you still need it, ask whoever sent you the link for a new one.',
    icon: 'clock',
  }),
  'signed-out': (_, help) => ({
    title: 'You are signed out of administration',
    cause: 'You signed out, you said no, your day here is over, or what you may do was changed.',
    assurance: 'Nothing was changed.',
    nextStep: `Sign in again to go on. If that does not help, ask ${help}.`,
    icon: 'info',
  }),
  'no-such-page': (_, help) => ({
    title: 'There is no page here',
    cause: 'The address is mistyped, or it led to a page that is gone.',
    assurance: null,
    nextStep: `If a link brought you here, tell ${help} where you found it.`,
    icon: 'info',
  }),
  'our-fault': (_, help) => ({
    title: 'We could not finish this',
    cause: 'A part of this system is not working at the moment. It is not your account, and you did nothing wrong.',
    assurance: null,
    nextStep: `Wait a minute, then connect again from the app. ${twice(help)}`,
    icon: 'stop',
  }),
  'person-stopped': ({ app }, help) => ({
    title: 'You stopped this sign-in',
    cause: `You told us that you did not start it. ${app === null ? 'The app' : displayName(app)} gets nothing from us.`,
    assurance: nothingShared,
    nextStep: `You can close this tab. If you think somebody tried to catch your sign-in, send the reference to ${help}.`,
    icon: 'check',
  }),
};

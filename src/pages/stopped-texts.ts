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
  | { kind: 'no-access'; server: string }
  | { kind: 'second-step-missing'; connection: string; workspace: string }
  | { kind: 'app-withdrawn'; app: string }
  | { kind: 'too-many-tries'; minutes: number }
  | { kind: 'no-such-page' }
  | { kind: 'our-fault' }
  | { kind: 'person-stopped'; app: string | null };

export const notSignedIn = 'Nothing was shared, and you are not signed in.';
export const nothingShared = 'Nothing was shared.';

/** The words for one stop; `helpName` is who helps people there. */
export function stoppedText(stop: Stop, helpName: string): StoppedText {
  const help = displayName(helpName);
  const twice = `If you see this twice, send the reference to ${help}.`;
  switch (stop.kind) {
    case 'expired':
    case 'other-browser':
    case 'too-many-tries':
      return late(stop, help);
    case 'cancelled':
    case 'not-answering':
    case 'no-access':
    case 'second-step-missing':
      return upstream(stop, help);
    case 'no-such-page':
    case 'our-fault':
    case 'person-stopped':
      return rest(stop, help);
    case 'unknown-app':
      return {
        title: 'We stopped this sign-in',
        cause: 'We don’t know the app that sent you here. Perhaps it was removed, or it kept the details of another server.',
        assurance: notSignedIn,
        nextStep: `Close this tab, remove this server in the app and add it again. ${twice}`,
        icon: 'stop',
      };
    case 'address-never-registered':
      return {
        title: 'We stopped this sign-in',
        cause: `${displayName(stop.app)} asked us to send your answer to an address it never registered. That can be a mistake in the app, or someone trying to catch your sign-in.`,
        assurance: notSignedIn,
        nextStep: `Close this tab and start again from ${displayName(stop.app)}. ${twice}`,
        icon: 'stop',
      };
    case 'malformed-request':
      return {
        title: 'We stopped this sign-in',
        cause: 'The request that brought you here is incomplete or contradicts itself. That is usually a mistake in the app.',
        assurance: notSignedIn,
        nextStep: `Close this tab and connect again from the app. ${twice}`,
        icon: 'stop',
      };
    case 'app-withdrawn':
      return {
        title: `${displayName(stop.app)} may not be used here`,
        cause: `${help} has switched this app off for everyone, or the people who made it took it back.`,
        assurance: nothingShared,
        nextStep: `If you need it, ask ${help}. The reference tells them which app you mean.`,
        icon: 'stop',
      };
  }
}

function late(stop: Stop & { kind: 'expired' | 'other-browser' | 'too-many-tries' }, help: string): StoppedText {
  switch (stop.kind) {
    case 'expired':
      return {
        title: 'This page has expired',
        cause: `Sign-in pages work for ${minutesOf(stop.minutes)}, so that an old tab can’t be used by somebody else.`,
        assurance: nothingShared,
        nextStep: `Go back to ${stop.app === null ? 'the app' : displayName(stop.app)} and connect again.`,
        icon: 'clock',
      };
    case 'other-browser':
      return {
        title: 'This sign-in belongs to another browser',
        cause:
          'It was started somewhere else, or this browser did not keep its cookie. We only finish a sign-in where it began, so that nobody can finish one for you.',
        assurance: nothingShared,
        nextStep: 'Start again from the app, and stay in the browser it opens. If somebody sent you this link, don’t use it.',
        icon: 'stop',
      };
    case 'too-many-tries':
      return {
        title: 'Too many tries',
        cause: `We have paused this for a while. It opens again in ${minutesOf(stop.minutes)}.`,
        assurance: nothingShared,
        nextStep: `Wait, then connect again from the app. If it is urgent, ${help} can help.`,
        icon: 'clock',
      };
  }
}

type UpstreamStop = Stop & { kind: 'cancelled' | 'not-answering' | 'no-access' | 'second-step-missing' };

function upstream(stop: UpstreamStop, help: string): StoppedText {
  switch (stop.kind) {
    case 'cancelled':
      return {
        title: 'The sign-in was not finished',
        cause: `${displayName(stop.connection)} told us that it was cancelled there, or that this account may not use it.`,
        assurance: notSignedIn,
        nextStep: `Try again, or sign in another way. If the account should work, ask ${help}.`,
        icon: 'stop',
      };
    case 'not-answering':
      return {
        title: `${displayName(stop.connection)} is not answering`,
        cause: 'Your account is fine. The place where your company signs people in did not reply to us.',
        assurance: notSignedIn,
        nextStep: 'Try again, or sign in another way. Your place here is kept for 10 minutes.',
        icon: 'clock',
      };
    case 'no-access':
      return {
        title: `You have no access to ${displayName(stop.server)} yet`,
        cause: `You are signed in, but nobody has given you access to ${displayName(stop.server)}.`,
        assurance: nothingShared,
        nextStep: `Ask ${help} for access, or sign in with another account.`,
        icon: 'info',
      };
    case 'second-step-missing':
      return {
        title: 'A second sign-in step is missing',
        cause: `${displayName(stop.workspace)} asks for two steps, such as a password and a code. ${displayName(stop.connection)} did not confirm that you used a second one.`,
        assurance: nothingShared,
        nextStep: `Sign in again and use your second step. If you did use it, send the reference to ${help}: ${displayName(stop.connection)} has to tell us about it.`,
        icon: 'stop',
      };
  }
}

function rest(stop: Stop & { kind: 'no-such-page' | 'our-fault' | 'person-stopped' }, help: string): StoppedText {
  switch (stop.kind) {
    case 'no-such-page':
      return {
        title: 'There is no page here',
        cause: 'The address is mistyped, or it led to a page that is gone.',
        assurance: null,
        nextStep: `If a link brought you here, tell ${help} where you found it.`,
        icon: 'info',
      };
    case 'our-fault':
      return {
        title: 'We could not finish this',
        cause: 'A part of this system is not working at the moment. It is not your account, and you did nothing wrong.',
        assurance: null,
        nextStep: `Wait a minute, then connect again from the app. If you see this twice, send the reference to ${help}.`,
        icon: 'stop',
      };
    case 'person-stopped':
      return {
        title: 'You stopped this sign-in',
        cause: `You told us that you did not start it. ${stop.app === null ? 'The app' : displayName(stop.app)} gets nothing from us.`,
        assurance: nothingShared,
        nextStep: `You can close this tab. If you think somebody tried to catch your sign-in, send the reference to ${help}.`,
        icon: 'check',
      };
  }
}

const minutesOf = (minutes: number): string => (minutes === 1 ? '1 minute' : `${String(minutes)} minutes`);

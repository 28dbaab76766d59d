/** The plain words about joining two accounts, and why it is not done. */
import { displayName } from './names.ts';

export type JoinRefusal =
  | { kind: 'joined-already' | 'same-sign-in' | 'two-factors' | 'two-joined' | 'changed' }
  /** The connection that did not say that somebody signed in just now. */
  | { kind: 'not-fresh'; connection: string };

interface RefusedText {
  readonly title: string;
  readonly cause: string;
  readonly nextStep: string;
}

export function refusedText(refusal: JoinRefusal, helpName: string): RefusedText {
  const help = displayName(helpName);
  switch (refusal.kind) {
    case 'joined-already':
      return {
        title: 'These are joined already',
        cause: 'Both ways of signing in lead to the same account here. There was nothing left to do.',
        nextStep: 'You can go on.',
      };
    case 'same-sign-in':
      return {
        title: 'Two accounts of one sign-in are two people',
        cause:
          'Both accounts belong to one sign-in, or one of them was joined with an account there before. Only accounts of different sign-ins can be joined.',
        nextStep: `If both are yours and should be one, ask ${help}: that is put right where the accounts are kept.`,
      };
    case 'two-factors':
      return {
        title: 'Both accounts have a second step',
        cause: 'Each of them has an authenticator app or a passkey of its own here, and only one of the two can stay.',
        nextStep: `Ask ${help} to reset the second step of one of them. Then try again.`,
      };
    case 'two-joined':
      return {
        title: 'Both accounts are tied to something else',
        cause: 'Each of them was joined with another account before or has a second step here, and neither can leave that behind.',
        nextStep: `Ask ${help} to take one of them apart first. Then try again.`,
      };
    case 'changed':
      return {
        title: 'Something changed while this page was open',
        cause: 'One of the two accounts is not what it was when you signed in with it.',
        nextStep: 'Go back to the app and connect again if you still want to join them.',
      };
    case 'not-fresh':
      return {
        title: 'We need to see that you signed in just now',
        cause: `${displayName(refusal.connection)} did not confirm that you did. A session that was left open is not enough to join accounts.`,
        nextStep: `Connect again from the app and sign in with your password there. If you did, ask ${help}.`,
      };
  }
}

export const joinButton = 'This is not how I usually sign in: join my accounts';

/** Said on the page of the other sign-in, in the words of a notice. */
export const otherSignIn = (account: string, connectionName: string): string =>
  `You are signed in as ${displayName(account)} with ${displayName(connectionName)}. Sign in with your other account too: then we show you what joining them does, and you can still say no.`;

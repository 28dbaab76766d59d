import type { FormKeys } from './form.ts';
import type { JoinRefusal } from './join-texts.ts';
import type { Organisation } from './layout.ts';

/** One sign-in as the person knows it. */
export interface SignIn {
  account: string;
  connectionName: string;
}

export interface JoinView extends FormKeys {
  organisation: Organisation;
  /** In the order in which they came; the second is absent when the first did not do. */
  signIns: readonly [SignIn] | readonly [SignIn, SignIn];
  proposal: { stays: 'first' | 'second'; /** Apps that are disconnected by it. */ apps: number } | { refused: JoinRefusal };
  joinAction: string;
  apartAction: string;
}

import type { Check } from './connection-check.ts';

/** One result of a tried sign-in, in the words of whoever set the connection up. */
export interface Finding extends Pick<Check, 'result' | 'says' | 'todo'> {
  readonly title: string;
}

export const good = (title: string, says: string): Finding => ({ result: 'ok', title, says, todo: null });
export const bad = (title: string, says: string, todo: string): Finding => ({ result: 'problem', title, says, todo });

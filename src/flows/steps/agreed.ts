/** What whoever changes who may do what has seen and agreed to. */
export interface Agreed {
  /** The revision the caller looked at. */
  readonly after: number;
  readonly note: string;
  /** How many who lose something were agreed to; null where nobody asked. */
  readonly losing: number | null;
  readonly mayLockOut: boolean;
  /** Throws where the caller may not do it any more: working out what it is to everybody takes its time. */
  readonly askAgain: () => Promise<unknown>;
}

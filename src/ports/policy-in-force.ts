/** The policy this process goes by. */
export interface PolicyInForce {
  /** Answered once it is known to be the newest there was a moment ago; throws `StoreUnavailable` when that cannot be told, and then nothing is allowed. */
  fresh(): Promise<void>;
  /** False while it cannot be told. */
  isFresh(): boolean;
  /** The number of the revision; what was worked out under another one is not to be used. */
  revision(): number;
}

/** For whoever goes by one policy that never changes. */
export const onePolicy: PolicyInForce = { fresh: async () => Promise.resolve(), isFresh: () => true, revision: () => 0 };

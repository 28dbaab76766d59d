/** Something was taken away, or may have been: whatever was remembered about it has to be asked again. */
export interface AuthorityChange {
  readonly kind: 'grant' | 'member' | 'user' | 'client' | 'identity';
  /** The grant's id, `tenant:user`, the user's id, the client_id or the identity's. */
  readonly key: string;
}

/** How every instance hears of changes that take something away, whichever instance made them. */
export interface AuthorityFeed {
  /** Tells all instances. Answered once it is on stable storage; the caller answers its own request only then. */
  append(change: AuthorityChange): Promise<void>;
  /** Calls for every change of any instance, this one included, at least once and within the feed's delay. */
  follow(listener: (change: AuthorityChange) => void): void;
  /** False while it cannot be told whether changes were missed; nothing remembered may then be used. */
  isFresh(): boolean;
  /** Since when it has been heard without a gap (ms since the epoch): what was remembered before then is not to be used. */
  freshSince(): number;
  close(): void;
}

/** For one process alone on its store, which remembers nothing and therefore has nothing to be told. */
export const noFeed: AuthorityFeed = {
  append: async () => Promise.resolve(),
  follow: () => undefined,
  isFresh: () => false,
  freshSince: () => Number.POSITIVE_INFINITY,
  close: () => undefined,
};

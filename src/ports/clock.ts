/** The one source of the time of day. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

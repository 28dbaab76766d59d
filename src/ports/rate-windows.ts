/** How often each source did one thing within the present minute, at all instances together. */
export interface RateCounter {
  /** Milliseconds until the source may go on; 0 when it may now. Counts nothing. */
  wait(source: string): number;
  count(source: string): void;
}

/**
 * Counters that instances share. What an instance has counted and heard decides at once and asks nobody; what others counted is
 * heard in the background. So beyond a limit goes, per further instance and minute, at most what reaches it until it has heard:
 * a second, or a tenth of one from where an eighth of the limit is unheard. While the store does not answer each instance counts alone.
 */
export interface RateWindows {
  counter(name: string, limit: number): RateCounter;
  /** Hands over what was counted last; what was handed over outlives the process. */
  close(): void;
}

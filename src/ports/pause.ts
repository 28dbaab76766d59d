/** Waits; ms. */
export type Pause = (ms: number) => Promise<void>;

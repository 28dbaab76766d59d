import type { Clock } from '../ports/clock.ts';

export const systemClock: Clock = { now: () => Date.now() };

/** A date as a header has it, in ms since the epoch; not a number when it is none. RFC 9110 §5.6.7. */
export const readDate = (text: string): number => Date.parse(text);

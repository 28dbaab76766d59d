/** How far the clocks of two instances may be apart without anybody noticing (ms). */
export const clockSkew = 60_000;

/** Memory at one moment. */
export interface Sample {
  /** Milliseconds since the run began. */
  readonly at: number;
  readonly mb: number;
}

export interface Trend {
  /** By least squares, over the samples after the warm-up. */
  readonly mbPerMinute: number;
  /** What that comes to from the first judged sample to the last. */
  readonly growthMb: number;
  /** Half the width of its 95 % interval: how far chance alone may have moved the growth. */
  readonly noiseMb: number;
  readonly judged: number;
  /** `unclear`: too few samples, or so much noise that growth beyond the bound could hide in it. */
  readonly verdict: 'steady' | 'grows' | 'unclear';
}

/** The part of a run, from its beginning, in which caches and heaps find their size. */
export const warmUp = 1 / 3;

const fewest = 10;

/** Judges whether memory grows by more than `boundMb` while a run is judged. A fall is no growth. */
export function trendOf(samples: readonly Sample[], boundMb: number): Trend {
  const end = samples.at(-1)?.at ?? 0;
  const judged = samples.filter(({ at }) => at >= end * warmUp);
  const n = judged.length;
  const mean = (of: (sample: Sample) => number) => judged.reduce((sum, sample) => sum + of(sample), 0) / n;
  const [meanAt, meanMb] = [mean(({ at }) => at), mean(({ mb }) => mb)];
  const spread = judged.reduce((sum, { at }) => sum + (at - meanAt) ** 2, 0);
  const slope = judged.reduce((sum, { at, mb }) => sum + (at - meanAt) * (mb - meanMb), 0) / spread;
  const left = judged.reduce((sum, { at, mb }) => sum + (mb - meanMb - slope * (at - meanAt)) ** 2, 0);
  const span = end - (judged[0]?.at ?? 0);
  const [growthMb, noiseMb] = [slope * span, 2 * Math.sqrt(left / (n - 2) / spread) * span];
  const figures = { mbPerMinute: slope * 60_000, growthMb, noiseMb, judged: n };
  if (n < fewest) return { ...figures, verdict: 'unclear' };
  if (growthMb - noiseMb > boundMb) return { ...figures, verdict: 'grows' };
  return { ...figures, verdict: growthMb + noiseMb > 2 * boundMb ? 'unclear' : 'steady' };
}

export const inWords = ({ mbPerMinute, growthMb, noiseMb, judged, verdict }: Trend): string =>
  `${verdict}: ${mbPerMinute.toFixed(3)} MB a minute, ${growthMb.toFixed(2)} ± ${noiseMb.toFixed(2)} MB over ${judged} samples`;

/**
 * The answers of `count` callers in their order. All come at once, up to a hundred: more than that a slow machine's store refuses,
 * as it should, since a caller who would wait for seconds is better told so.
 */
export async function many<T>(count: number, work: (n: number) => Promise<T>, atOnce = 100): Promise<T[]> {
  const answers: T[] = [];
  for (let from = 0; from < count; from += atOnce) {
    const wave = Array.from({ length: Math.min(atOnce, count - from) }, (_, n) => work(from + n));
    answers.push(...(await Promise.all(wave)));
  }
  return answers;
}

/** Work that is not begun again while it is under way: whoever asks then waits for the same. */
export function oneAtATime<Result>(run: () => Promise<Result>): () => Promise<Result> {
  let underWay: Promise<Result> | null = null;
  const once = async (): Promise<Result> => run();
  return () =>
    (underWay ??= once().finally(() => {
      underWay = null;
    }));
}

/** Work that is not begun again while it is under way: whoever asks then waits for the same. */
export function oneAtATime(run: () => Promise<unknown>): () => Promise<void> {
  let underWay: Promise<void> | null = null;
  const once = async (): Promise<void> => {
    await run();
  };
  return () =>
    (underWay ??= once().finally(() => {
      underWay = null;
    }));
}

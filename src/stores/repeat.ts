/** Does it again and again with a pause (ms) in between, for as long as the process has something else to live for. How to end that. */
export function repeat(work: () => Promise<void>, pause: number): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isOver = false;
  const next = (): void => {
    if (!isOver) timer = setTimeout(() => void work().finally(next), pause).unref();
  };
  next();
  return () => {
    isOver = true;
    if (timer !== null) clearTimeout(timer);
  };
}

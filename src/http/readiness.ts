/** Whether requests should be sent here: `draining` once the process has been told to stop, `store-unavailable` while nothing could be answered. */
export type Readiness = 'ready' | 'draining' | 'store-unavailable';

export interface ReadinessOptions {
  /** A cheap question only a working store answers. */
  readonly ask: () => Promise<unknown>;
  readonly isDraining: () => boolean;
  readonly clock: { now(): number };
  /** Called when the answer changes. */
  readonly changed?: (readiness: Readiness) => void;
  /** Milliseconds the store may take, and for which its answer is passed on, so that nobody's probing becomes the store's load. */
  readonly deadline?: number;
  readonly kept?: number;
}

/** Asks the store at most once in a while, however many ask us. */
export function openReadiness({ ask, isDraining, clock, changed, deadline = 1_000, kept = 500 }: ReadinessOptions) {
  let last: { readonly at: number; readonly works: Promise<boolean> } | null = null;
  let told: Readiness = 'ready';

  async function works(): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), deadline);
    });
    const answered = ask().then(
      () => true,
      () => false,
    );
    try {
      return await Promise.race([answered, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async function judge(): Promise<Readiness> {
    if (isDraining()) return 'draining';
    const now = clock.now();
    if (last === null || now - last.at >= kept || now < last.at) last = { at: now, works: works() };
    const isWorking = await last.works;
    // The signal may have come while the store was being asked.
    if (isDraining()) return 'draining';
    return isWorking ? 'ready' : 'store-unavailable';
  }

  return async (): Promise<Readiness> => {
    const readiness = await judge();
    if (readiness !== told) changed?.((told = readiness));
    return readiness;
  };
}

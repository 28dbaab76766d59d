import type { Entropy } from '../ports/entropy.ts';

/** Something under way that has to be over before the process is. */
export interface Open {
  /** It waits for whatever may come, so it would never be over by itself. */
  readonly isListening: boolean;
  /** Ends it so that the client comes back after so many milliseconds. */
  sendBack(retry: number): void;
  /** Ends it with a refusal. */
  cutShort(): void;
}

export interface Stopping {
  /** What to call when it is over. Something that listens is sent back at once when listening has ended. */
  hold(open: Open): () => void;
  /** Sends back everything that listens. */
  endListening(): void;
  /** Refuses whatever is still under way. */
  cutShort(): void;
}

/** Everybody comes back within these (ms), not all at the same moment. HTML §9.2.6, "retry". */
const SOONEST = 500;
const LATEST = 3_000;

export function openStopping(entropy: Entropy): Stopping {
  const held = new Set<Open>();
  let isListeningOver = false;

  function sendBack(open: Open): void {
    held.delete(open);
    const [drawn = 0] = entropy.bytes(1);
    open.sendBack(Math.round(SOONEST + (drawn / 255) * (LATEST - SOONEST)));
  }

  return {
    hold(open) {
      if (isListeningOver && open.isListening) sendBack(open);
      else held.add(open);
      return () => held.delete(open);
    },
    endListening() {
      isListeningOver = true;
      for (const open of held) if (open.isListening) sendBack(open);
    },
    cutShort() {
      for (const open of held) open.cutShort();
      held.clear();
    },
  };
}

import type { DocumentEngine } from '../../src/ports/document-engine.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What stands before every operation of an engine: it may wait, and what it throws is what the caller gets. */
export function hookEngine(engine: DocumentEngine, before: (operation: string) => Promise<void> | void): DocumentEngine {
  return new Proxy(engine, {
    get: (target, name: keyof DocumentEngine) => {
      const method = target[name] as (...given: unknown[]) => Promise<unknown>;
      return async (...given: unknown[]) => {
        if (name !== 'close') await before(name);
        return method.apply(target, given);
      };
    },
  });
}

/** As slow as a store across a network: 5 to 20 ms before each operation. */
export const slowEngine = (engine: DocumentEngine): DocumentEngine =>
  hookEngine(engine, async () => void (await pause(5 + Math.random() * 15)));

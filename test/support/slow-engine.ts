import type { CollectionDeclaration, DocumentEngine } from '../../src/ports/document-engine.ts';
import { rateWindows } from '../../src/stores/collections.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Stands around every operation of an engine, but for the sharing of limits, which goes on in the background: it may wait, and what it throws is what the caller gets, afterwards although the operation took effect. */
type Hook = (operation: string, when: 'before' | 'after') => Promise<void> | void;

export function hookEngine(engine: DocumentEngine, hook: Hook): DocumentEngine {
  return new Proxy(engine, {
    get: (target, name: keyof DocumentEngine) => {
      const method = target[name] as ((...given: unknown[]) => Promise<unknown>) | undefined;
      // News is no operation.
      if (name === 'watch' || method === undefined) return method?.bind(target);
      return async (...given: unknown[]) => {
        if (name === 'close' || (given[0] as CollectionDeclaration).name === rateWindows.name) return method.apply(target, given);
        await hook(name, 'before');
        const answer = await method.apply(target, given);
        await hook(name, 'after');
        return answer;
      };
    },
  });
}

/** As slow as a store across a network: 5 to 20 ms before each operation. */
export const slowEngine = (engine: DocumentEngine): DocumentEngine =>
  hookEngine(engine, async (_, when) => {
    if (when === 'before') await pause(5 + Math.random() * 15);
  });

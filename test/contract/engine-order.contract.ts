import { describe, expect, it } from '@jest/globals';
import { type CollectionDeclaration, type DocumentEngine, StoreUnavailable } from '../../src/ports/document-engine.ts';

const idOf = (n: number) => `t${String(n).padStart(6, '0')}`;

/** What holds of a collection whose inserts are kept in order. */
export function engineOrder(engine: () => DocumentEngine, turns: CollectionDeclaration): void {
  describe('inserts in order', () => {
    it('at every moment those are there that were asked for first, and none after one that is not', async () => {
      const count = 3_000;
      let [isOver, looks] = [false, 0];
      const all = (async () => {
        for (let from = 0; from < count; from += 100) {
          const wave = Array.from({ length: 100 }, (_, n) => engine().insert(turns, { id: idOf(from + n), n: from + n }));
          // The next wave comes while this one is under way.
          await wave[from % 3 === 0 ? 10 : 90];
        }
        while ((await engine().get(turns, idOf(count - 1))) === null) await new Promise((resolve) => setTimeout(resolve, 5));
        isOver = true;
      })();
      let known = 0;
      while (!isOver) {
        // Those that are seen here were there when the look began; whatever comes before them has to be there too.
        const seen = await engine().page(turns, { after: known === 0 ? '' : idOf(known - 1), limit: 1_000 });
        expect(seen.map(({ id }) => id)).toEqual(seen.map((_, index) => idOf(known + index)));
        known += seen.length;
        looks += 1;
        // A store in this process may answer without giving way to anybody.
        await new Promise((resolve) => setImmediate(resolve));
      }
      await all;
      expect(looks).toBeGreaterThan(3);
      expect((await engine().page(turns, { after: idOf(count - 2), limit: 10 })).map(({ id }) => id)).toEqual([idOf(count - 1)]);
    });

    it('each gets its own answer: what is there already is told so, and the others are written', async () => {
      for (const n of [3, 250, 251]) await engine().insert(turns, { id: idOf(n), first: true });
      const answers = await Promise.all(Array.from({ length: 300 }, (_, n) => engine().insert(turns, { id: idOf(n), first: false })));
      const taken = answers.flatMap((answer, n) => (answer === 'duplicate' ? [n] : []));
      expect(taken).toEqual([3, 250, 251]);
      const rows = await engine().page(turns, { limit: 1_000 });
      expect(rows.filter(({ first }) => first === true).map(({ id }) => id)).toEqual([3, 250, 251].map(idOf));
      expect(rows).toHaveLength(300);
    });

    it('one that cannot be stored fails alone', async () => {
      const good = [engine().insert(turns, { id: 'a' }), engine().insert(turns, { id: 'c' })];
      await expect(engine().insert(turns, { id: 'b', n: 1n } as never)).rejects.toThrow(TypeError);
      expect(await Promise.all([...good, engine().insert(turns, { id: 'd' })])).toEqual(['inserted', 'inserted', 'inserted']);
    });

    it('what waits when the store is closed is still written, and what comes later is refused', async () => {
      const asked = Array.from({ length: 500 }, (_, n) => engine().insert(turns, { id: idOf(n) }));
      const closing = engine().close();
      await expect(engine().insert(turns, { id: 'late' })).rejects.toThrow(StoreUnavailable);
      expect(new Set(await Promise.all(asked))).toEqual(new Set(['inserted']));
      await closing;
    });
  });
}

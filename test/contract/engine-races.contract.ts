import { describe, expect, it } from '@jest/globals';
import type { CollectionDeclaration, DocumentEngine } from '../../src/ports/document-engine.ts';
import { many } from '../support/many.ts';

/** What holds when many callers come at once. `things` has the unique field `email` and the index `owner`. */
export function engineRaces(engine: () => DocumentEngine, things: CollectionDeclaration): void {
  describe('many callers at once', () => {
    it('of any number of concurrent callers with the same where exactly one gets the document', async () => {
      for (let round = 0; round < 50; round += 1) {
        const id = `r${round}`;
        await engine().insert(things, { id, state: 'fresh', uses: 0 });
        const change = (n: number) => ({ set: { state: 'redeemed', by: n }, inc: { uses: 1 } });
        const answers = await many(20, (n) => engine().updateIf(things, id, { state: 'fresh' }, change(n), 'after'));
        const winners = answers.filter((answer) => answer !== null);
        expect(winners).toHaveLength(1);
        expect(await engine().get(things, id)).toEqual(winners[0]);
        expect(winners[0]?.['uses']).toBe(1);
      }
    });

    it('of any number of concurrent deletes exactly one removes', async () => {
      for (let round = 0; round < 50; round += 1) {
        await engine().insert(things, { id: 'd', round });
        const answers = await many(20, () => engine().delete(things, 'd', { round }));
        expect(answers.filter(Boolean)).toHaveLength(1);
      }
    });

    it('of 50 concurrent inserts of one unique value exactly one is stored [W185]', async () => {
      for (let round = 0; round < 20; round += 1) {
        const email = `${round}@y.test`;
        const answers = await many(50, (n) => engine().insert(things, { id: `${round}-${n}`, email }));
        expect(answers.filter((answer) => answer === 'inserted')).toHaveLength(1);
        expect(await engine().find(things, 'email', email)).toEqual([{ id: `${round}-${answers.indexOf('inserted')}`, email }]);
      }
    });

    it('no increment is lost', async () => {
      await engine().insert(things, { id: 'counter' });
      await many(500, () => engine().updateIf(things, 'counter', {}, { inc: { n: 1 } }, 'after'));
      expect((await engine().get(things, 'counter'))?.['n']).toBe(500);
    });

    it('1,000 mixed operations each get their own answer, the faulty ones alone fail', async () => {
      await many(200, (n) => engine().insert(things, { id: `m${n}`, owner: 'ana', n, text: 'words' }));
      const answers = await many(1_000, async (n): Promise<unknown> => {
        const id = `m${n % 200}`;
        if (n < 200)
          return engine()
            .updateIf(things, id, { n }, { set: { owner: 'bob' } }, 'before')
            .then((found) => found?.['n'] === n);
        if (n < 400)
          return engine()
            .insert(things, { id, n })
            .then((answer) => answer === 'duplicate');
        if (n < 600)
          return engine()
            .insert(things, { id: `new${n}`, n })
            .then((answer) => answer === 'inserted');
        if (n < 800)
          return engine()
            .updateIf(things, id, {}, { inc: { text: 1 } }, 'after')
            .then(String, (error: Error) => error instanceof TypeError);
        return engine()
          .get(things, id)
          .then((found) => found?.['n'] === n % 200);
      });
      expect(answers.flatMap((answer, n) => (answer === true ? [] : [[n, answer]]))).toEqual([]);
      expect(await engine().find(things, 'owner', 'bob', { limit: 1_000 })).toHaveLength(200);
      expect(await engine().page(things, { limit: 1_000 })).toHaveLength(400);
    });
  });
}

import type { Middleware } from 'koa';

/** Not worth waiting for any longer, or one too many: it is refused for now, and what it began may still take effect. */
export class Overdue extends Error {
  override readonly name = 'Overdue';
}

/** The longest a request is waited for, in ms: one of a program, and one of a person, behind which an identity provider may stand. */
export const patience = { program: 10_000, person: 30_000 } as const;

/** How many requests may be under way in one process. */
const mostUnderWay = 1_000;

/**
 * Each step of a request has a limit of its own; here is the limit of them all together, so that a store that is slow and not dead makes
 * nobody wait without end, and of how many wait at a time. A request counts until its work is over, whether or not it has been answered.
 */
export function openPatience(most = mostUnderWay): (longest: number) => Middleware {
  let underWay = 0;
  return (longest) => async (_ctx, next) => {
    if (underWay >= most) throw new Overdue('too many requests are under way');
    underWay += 1;
    const work = next().finally(() => {
      underWay -= 1;
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Overdue(`no answer within ${longest} ms`)), longest);
    });
    try {
      await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

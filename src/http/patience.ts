import type { Middleware } from 'koa';

/** Not worth waiting for any longer, or one too many: it is refused this time, and what it began may still take effect. */
export class Overdue extends Error {
  override readonly name = 'Overdue';
}

/** The longest a request is waited for, in ms: one of a program, and one of a person, behind which an identity provider may stand. */
export const patience = { program: 10_000, person: 30_000 } as const;

/** How many requests may be under way in one process. */
const mostUnderWay = 1_000;

/** Calls `late` of whoever was not done in time, at most a twentieth too late: all who wait alike share one timer. */
function openDeadlines(longest: number): (late: () => void) => () => void {
  const tick = Math.max(5, longest / 20);
  const waiting = new Set<{ readonly due: number; readonly late: () => void }>();
  let ticks = 0;
  let timer: ReturnType<typeof setInterval> | null = null;

  function look(): void {
    ticks += 1;
    // They wait equally long, so whoever came first is due first.
    for (const each of waiting) {
      if (each.due > ticks) break;
      waiting.delete(each);
      each.late();
    }
    if (waiting.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  }

  return (late) => {
    const each = { due: ticks + Math.ceil(longest / tick) + 1, late };
    waiting.add(each);
    timer ??= setInterval(look, tick).unref();
    return () => void waiting.delete(each);
  };
}

/** Waits for the work of one request; throws `Overdue` when it takes too long or too many wait already. */
export type Patience = <Value>(work: () => Promise<Value>) => Promise<Value>;

/**
 * Each step of a request has a limit of its own; here is the limit of them all together, so that a store that is slow and not dead makes
 * nobody wait without end, and of how many wait at a time. A request counts until its work is over, whether or not it has been answered.
 */
export function openPatience(most = mostUnderWay): (longest: number) => Patience {
  let underWay = 0;
  return (longest) => {
    const begin = openDeadlines(longest);
    return (work) => {
      if (underWay >= most) throw new Overdue('too many requests are under way');
      underWay += 1;
      return new Promise((resolve, reject) => {
        const done = begin(() => reject(new Overdue(`no answer within ${longest} ms`)));
        const over = () => {
          underWay -= 1;
          done();
        };
        work().finally(over).then(resolve, reject);
      });
    };
  };
}

/** The same for everything behind it on a route. */
export const patiently =
  (waitFor: Patience): Middleware =>
  (_ctx, next) =>
    waitFor<unknown>(next);

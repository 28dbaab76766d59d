import type { Answer } from '../wire.ts';
import type { Exchange } from '../load.ts';

/** Throws unless an answer has the status it should have: a benchmark of refusals would be a fast one. */
export function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new Error(`status ${answer.status} instead of ${status}: ${answer.body.slice(0, 300)}`);
  return answer;
}

/** The same request for ever. */
export const repeated =
  (request: string, status = 200): Exchange =>
  async (wire) => {
    expectStatus(await wire.send(request), status);
    return true;
  };

/** One request for each thing there is, until nothing is left. */
export function usedUp(count: number, requestFor: (index: number) => string): Exchange {
  let next = 0;
  return async (wire) => {
    if (next >= count) return false;
    next += 1;
    expectStatus(await wire.send(requestFor(next - 1)), 200);
    return true;
  };
}

/** A step that shares no small factor with the count, so that neighbours in time are not neighbours in the store. */
const stride = 7919;

/** Refresh after refresh over many families: each presents the token its last refresh gave it, and none is presented twice at once. */
export function refreshing(count: number, first: (index: number) => string, requestFor: (token: string) => string): Exchange {
  const current = new Map<number, string>();
  let turn = 0;
  return async (wire) => {
    const index = (turn * stride) % count;
    turn += 1;
    const { body } = expectStatus(await wire.send(requestFor(current.get(index) ?? first(index))), 200);
    const successor = /"refresh_token":"([^"]+)"/.exec(body)?.[1];
    if (successor === undefined || !body.includes('"access_token":"ey')) throw new Error(`no tokens: ${body.slice(0, 300)}`);
    current.set(index, successor);
    return true;
  };
}

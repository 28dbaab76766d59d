/** Does what is about the same thing one after the other, within this process. */
export type InTurn = <Value>(about: string, work: () => Promise<Value>) => Promise<Value>;

export function openTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return async (about, work) => {
    const before = last.get(about) ?? Promise.resolve();
    const mine = before.then(work, work);
    last.set(about, mine);
    try {
      return await mine;
    } finally {
      if (last.get(about) === mine) last.delete(about);
    }
  };
}

/** A map that forgets what was used longest ago once it is full, and of that whatever is of no use any more at once. */
export interface BoundedCache<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
}

export function boundedCache<Value>(capacity: number, isStale: (value: Value) => boolean = () => false): BoundedCache<Value> {
  const entries = new Map<string, Value>();
  return {
    get(key) {
      const value = entries.get(key);
      if (value === undefined) return undefined;
      entries.delete(key);
      entries.set(key, value);
      return value;
    },
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      for (const [oldest, kept] of entries) {
        if (entries.size <= capacity && !isStale(kept)) return;
        entries.delete(oldest);
      }
    },
    delete(key) {
      entries.delete(key);
    },
  };
}

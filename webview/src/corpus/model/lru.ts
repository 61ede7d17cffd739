/** A map of at most `limit` entries that forgets what was not asked for the longest. */
export interface Lru<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  clear(): void;
  readonly size: number;
}

export function createLru<K, V>(limit: number): Lru<K, V> {
  // A Map iterates in the order of insertion, so its first key is the oldest.
  const entries = new Map<K, V>();
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
      if (entries.size > limit) entries.delete(entries.keys().next().value as K);
    },
    clear: () => entries.clear(),
    get size() {
      return entries.size;
    },
  };
}

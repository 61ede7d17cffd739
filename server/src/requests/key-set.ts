/**
 * The request keys of a job, in the order in which they were added. 128 bits of each key are kept, 16 bytes in place of a
 * string of a hundred, so that a run of millions of requests knows all of its keys in little memory.
 */
export interface KeySet {
  /** The key's number, from 0; adds it where it is new. */
  add(key: string): number;
  /** The key's number, -1 where it was never added. */
  find(key: string): number;
  readonly size: number;
}

export function createKeySet(): KeySet {
  let capacity = 1024;
  let words = new Uint32Array(capacity * 4);
  // Number + 1, so that 0 marks a free slot.
  let numbers = new Uint32Array(capacity);
  let size = 0;

  const slotOf = (a: number, b: number, c: number, d: number): number => {
    for (let slot = a & (capacity - 1); ; slot = (slot + 1) & (capacity - 1)) {
      if (numbers[slot] === 0) return slot;
      const at = slot * 4;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return slot;
    }
  };
  const slotOfKey = (key: string): number => slotOf(word(key, 0), word(key, 8), word(key, 16), word(key, 24));

  const grow = () => {
    const [oldWords, oldNumbers] = [words, numbers];
    capacity *= 2;
    words = new Uint32Array(capacity * 4);
    numbers = new Uint32Array(capacity);
    for (let old = 0; old < oldNumbers.length; old++) {
      const number = oldNumbers[old] ?? 0;
      if (number === 0) continue;
      const key = oldWords.subarray(old * 4, old * 4 + 4);
      const slot = slotOf(key[0] ?? 0, key[1] ?? 0, key[2] ?? 0, key[3] ?? 0);
      words.set(key, slot * 4);
      numbers[slot] = number;
    }
  };

  return {
    add(key) {
      let slot = slotOfKey(key);
      if (numbers[slot] !== 0) return (numbers[slot] ?? 0) - 1;
      if (size >= capacity * 0.7) {
        grow();
        slot = slotOfKey(key);
      }
      for (let k = 0; k < 4; k++) words[slot * 4 + k] = word(key, k * 8);
      numbers[slot] = ++size;
      return size - 1;
    },
    find: (key) => (numbers[slotOfKey(key)] ?? 0) - 1,
    get size() {
      return size;
    },
  };
}

const word = (key: string, at: number): number => Number.parseInt(key.slice(at, at + 8), 16) >>> 0;

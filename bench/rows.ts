import { once } from "node:events";
import { createWriteStream } from "node:fs";

/** Problems of about 1.5 kB, no two alike, with words of very different frequency; the first one has the number `first`. */
export async function writeRows(path: string, rows: number, first = 0): Promise<void> {
  const words = [
    "triangle",
    "number",
    "area",
    "apples",
    "speed",
    "river",
    "matrix",
    "root",
    "sum",
    "of",
    "the",
    "a",
    "is",
    "and",
    "train",
    "circle",
  ];
  const random = randomFrom(7);
  const prose = (length: number) => {
    let text = "";
    while (text.length < length)
      text += `${words[Math.floor(words.length * random() ** 2)]} ${random() < 0.1 ? `${Math.floor(random() * 1000)} ` : ""}`;
    return text;
  };
  const out = createWriteStream(path, { highWaterMark: 2 ** 20 });
  for (let at = first; at < first + rows; at++) {
    const rare = at % 1000 === 0 ? "heptagon " : "";
    const row = {
      problem: `Case ${at}: ${rare}${prose(450)}`,
      solution: `${prose(900)} \\boxed{${at % 97}}`,
      stage: at % 3 === 0 ? "grade" : "high",
    };
    if (!out.write(`${JSON.stringify(row)}\n`)) await once(out, "drain");
  }
  out.end();
  await once(out, "close");
}

/** A small generator with a seed (mulberry32), so that every run imports the same rows. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

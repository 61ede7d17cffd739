import assert from "node:assert/strict";
import { test } from "node:test";
import type { Projects } from "../projects.ts";
import { createSamples } from "./samples.ts";

test("the next sample is the first that nobody has answered, and hardly more keys are made than it takes to find it", async () => {
  for (const answered of [0, 1, 3, 4, 5, 11, 12, 30]) {
    let made = 0;
    const keyAt = (sample: number) => {
      made++;
      return `key ${sample}`;
    };
    const read = async (_op: string, { keys }: { keys: string[] }) => ({ answered: keys.filter((key) => Number(key.slice(4)) < answered) });
    const samples = createSamples({ open: async () => ({ store: { read } }) } as unknown as Projects, () => 0);
    assert.equal(await samples.look("file:///p", "key 0", keyAt), answered);
    assert.equal(samples.known("file:///p", "key 0"), answered);
    assert.ok(made <= 4 + 2 * answered, `${made} keys for ${answered}`);
  }
});

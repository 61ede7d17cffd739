import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { GenerateEvent } from "#protocol/messages/generate.ts";
import { collectDeltas } from "./deltas.ts";

const piece = (text: string, reasoning = "") => ({ text, reasoning });

test("pieces of a moment are one, each request has its own, and a new attempt is never mixed with the one before", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const told: (GenerateEvent & { type: "delta" })[] = [];
    const deltas = collectDeltas(
      (key) => ({ sample: key.length, seed: key }),
      (delta) => told.push(delta),
    );
    for (const text of ["Hel", "lo"]) deltas.listen("a", 1, piece(text));
    deltas.listen("b", 1, piece("", "hm"));
    assert.deepEqual(told, []);
    mock.timers.tick(30);
    assert.deepEqual(
      told.map(({ key, attempt, text, reasoning, seed }) => [key, attempt, text, reasoning, seed]),
      [
        ["a", 1, "Hello", "", "a"],
        ["b", 1, "", "hm", "b"],
      ],
    );
    deltas.listen("a", 1, piece(" wor"));
    deltas.listen("a", 2, piece("He"));
    deltas.flush();
    assert.deepEqual(
      told.slice(2).map(({ attempt, text }) => [attempt, text]),
      [
        [1, " wor"],
        [2, "He"],
      ],
    );
    mock.timers.tick(1_000);
    assert.equal(told.length, 4);
  } finally {
    mock.timers.reset();
  }
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findAnswer, lastBoxed } from "../../server/src/synthesis/answer.ts";
import { sharedDataDir, withoutSharedData } from "../shared-data.ts";

const rowsOf = (name: string): Record<string, string>[] =>
  readFileSync(join(sharedDataDir ?? "", name), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("the answer of every GSM8K solution is what stands behind its mark", { skip: withoutSharedData }, () => {
  const rows = rowsOf("train/gsm8k.jsonl");
  assert.equal(rows.length, 7473);
  for (const { answer = "" } of rows) assert.equal(findAnswer(answer, "any"), answer.slice(answer.lastIndexOf("####") + 4).trim());
});

test("no heading of a released solution is its answer", { skip: withoutSharedData }, () => {
  const headed = rowsOf("jiuzhang-cot-1000.jsonl").filter(({ output = "" }) => /^####\s/m.test(output) && lastBoxed(output) === null);
  assert.equal(headed.length, 113);
  for (const { output = "" } of headed) {
    const headings = [...output.matchAll(/^####\s+(.*)$/gm)].map((match) => (match[1] ?? "").replace(/[*:.\s]+$/, ""));
    const answer = findAnswer(output, "any");
    assert.ok(answer === null || !headings.includes(answer), answer ?? "");
  }
});

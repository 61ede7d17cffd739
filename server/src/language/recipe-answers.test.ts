import assert from "node:assert/strict";
import { test } from "node:test";
import type { Position } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { completions, definition, hover, references } from "./recipe-answers.ts";

/** A recipe, and the place behind the first occurrence of `before` in it. */
function at(source: string, before: string): [TextDocument, Position] {
  const document = TextDocument.create("file:///jiuzhang.yaml", "yaml", 1, source);
  assert.ok(source.includes(before));
  return [document, document.positionAt(source.indexOf(before) + before.length)];
}

test("a very long word far from the cursor does not hold up an answer", () => {
  const source = `# ${"a".repeat(900_000)} b\nsteps:\n  a: { verb: import, from: x }\n  b: { verb: synthesize, seeds: steps.a }\n`;
  assert.deepEqual(
    completions(...at(source, "verb: "))?.map(({ label }) => label),
    ["import", "synthesize", "train", "influence", "verify", "evaluate", "export", "run"],
  );
  assert.match(JSON.stringify(hover(...at(source, "seeds: steps.a"))), /gives seeds/);
  assert.equal(definition(...at(source, "seeds: steps.a"))?.range.start.line, 2);
  assert.equal(references(...at(source, "seeds: steps.a"), true)?.length, 2);
});

test("nothing is proposed for a word that is longer than any proposal", () => {
  assert.deepEqual(completions(...at(`steps:\n  a: { verb: ${"v".repeat(2000)} }\n`, "verb: vv")), []);
  assert.notDeepEqual(completions(...at("steps:\n  a: { verb: vv }\n", "verb: vv")), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Position, ResponseError, type WorkspaceEdit } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { completions, definition, hover, references, rename, renamed } from "./recipe-answers.ts";

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

const STEPS = "steps:\n  a: { verb: import, from: x }\n  b: { verb: synthesize, seeds: steps.a }\n";

test("a name is not changed while a use of it could be missed", () => {
  const told = (source: string) => {
    const answer = rename(...at(source, "  a"), "other");
    assert.ok(answer instanceof ResponseError);
    return answer.message;
  };
  assert.equal((rename(...at(STEPS, "  a"), "c") as WorkspaceEdit).changes?.["file:///jiuzhang.yaml"]?.length, 2);
  assert.match(told(`${STEPS}  c: { seeds: steps.a }\n`), /step in line 4 cannot be read/);
  assert.match(told(STEPS.replace("synthesize", "synthesise")), /step in line 3 cannot be read/);
  assert.match(told(`${STEPS}  two words: { verb: synthesize, seeds: steps.a }\n`), /step in line 4 cannot be read/);
  assert.match(told(`${STEPS}  c: { verb: synthesize, seeds: [ steps.a }\n`), /not valid YAML/);
  // What is wrong in a step whose settings are known hides nothing.
  assert.ok(!(rename(...at(`${STEPS}  c: { verb: synthesize, seeds: steps.a }\n`, "  a"), "d") instanceof ResponseError));
});

test("a name that YAML reads as something else is refused, and one that is there can be left", () => {
  for (const name of ["1.0", "1", "1e3", "0x10", "null", "Null", "true", "FALSE"]) {
    const answer = rename(...at(STEPS, "  a"), name);
    assert.ok(answer instanceof ResponseError, name);
    assert.match(answer.message, /YAML reads/);
  }
  for (const name of ["v1.0", "1a", "nulls", "yes", "1.0.0"])
    assert.ok(!(rename(...at(STEPS, "  a"), name) instanceof ResponseError), name);
  assert.deepEqual(renamed(...at(STEPS.replace("  a:", "  10:").replace("steps.a", "steps.10"), "  10"))?.placeholder, "10");
});

import assert from "node:assert/strict";
import { join, sep } from "node:path";
import { test } from "node:test";
import { kindOf, samplePlace } from "./sample-place.ts";

const folder = join(sep, "home", "ada");

test("the sample goes into an empty or new folder, else into one of its own within", () => {
  assert.equal(samplePlace(folder, kindOf(null)), folder);
  assert.equal(samplePlace(folder, kindOf([])), folder);
  assert.equal(samplePlace(folder, kindOf([".git", ".vscode"])), folder);
  assert.equal(samplePlace(folder, kindOf(["thesis.tex"])), join(folder, "jiuzhang-sample"));
});

test("a project that is there is opened as it is", () => {
  assert.equal(kindOf(["jiuzhang.yaml", "data"]), "project");
  assert.equal(samplePlace(folder, "project"), folder);
});

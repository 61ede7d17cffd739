import assert from "node:assert/strict";
import { test } from "node:test";
import { byFolder } from "./folders.ts";

test("files stand under their folder, both in the order that people count in", () => {
  const paths = ["prompts/tool/high.prompty", "prompts/nl/amc10.prompty", "prompts/nl/amc8.prompty", "mine.prompty"];
  assert.deepEqual(
    byFolder(paths.map((path) => ({ path }))).map(({ path, files }) => [path, files.map((file) => file.path)]),
    [
      ["", ["mine.prompty"]],
      ["prompts/nl", ["prompts/nl/amc8.prompty", "prompts/nl/amc10.prompty"]],
      ["prompts/tool", ["prompts/tool/high.prompty"]],
    ],
  );
});

test("no files, no folders", () => {
  assert.deepEqual(byFolder([]), []);
});

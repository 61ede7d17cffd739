import assert from "node:assert/strict";
import { test } from "node:test";
import { foreignDocument } from "./schemes.ts";

test("files and unsaved documents can be read; of any other kind it is said which, and what to do", () => {
  assert.equal(foreignDocument({ scheme: "file" }), null);
  assert.equal(foreignDocument({ scheme: "untitled" }), null);
  assert.match(foreignDocument({ scheme: "vscode-vfs" })?.message ?? "", /“vscode-vfs”/);
  assert.match(foreignDocument({ scheme: "git" })?.remedy ?? "", /Save a copy/);
});

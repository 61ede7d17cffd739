import assert from "node:assert/strict";
import { test } from "node:test";
import { panelCommand } from "./panel-commands.ts";

const PROJECT = "file:///p";

test("a button of a panel works in the panel's project, whatever the panel says", () => {
  const argument = { dataset: "d", row: "r", project: "file:///elsewhere", query: { where: "x" } };
  assert.deepEqual(panelCommand("jiuzhang.openCorpus", [argument], PROJECT), {
    command: "jiuzhang.openCorpus",
    args: [{ project: PROJECT, dataset: "d", row: "r" }],
  });
  assert.deepEqual(panelCommand("jiuzhang.importFile", [], PROJECT)?.args, [{ project: PROJECT }]);
  assert.deepEqual(panelCommand("jiuzhang.setKey", [{ endpoint: "e" }], PROJECT)?.args, [{ project: PROJECT, endpoint: "e" }]);
});

test("a panel opens no folder of its own choice", () => {
  assert.deepEqual(panelCommand("vscode.openFolder", ["file:///etc"], PROJECT)?.args, []);
});

test("a panel runs no other command, of ours or of the editor", () => {
  for (const command of ["workbench.action.terminal.new", "jiuzhang.removeKey", "jiuzhang.openDeclaration", "toString", "__proto__"])
    assert.equal(panelCommand(command, [], PROJECT), null, command);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { ProblemError } from "../server/server.ts";
import { droppedName } from "./dropped-name.ts";

test("a dropped file keeps its name", () => {
  for (const name of ["rows.jsonl", "..rows", "Aufgaben für Montag.csv", "題.md"]) assert.equal(droppedName(name), name);
});

test("what names no file is refused in words", () => {
  for (const name of ["", ".", "..", "a/b", "../../etc/passwd", "C:\\rows.jsonl", "a\0b"])
    assert.throws(
      () => droppedName(name),
      (thrown) => thrown instanceof ProblemError && thrown.problem.code === "import/unreadable" && /name/.test(thrown.problem.message),
      name,
    );
});

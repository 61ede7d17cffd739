import assert from "node:assert/strict";
import { test } from "node:test";
import { createLastWords } from "./last-words.ts";
import { withoutSecrets } from "./trace.ts";

test("of an uncaught error the message is told, not the stack below it", () => {
  const words = createLastWords();
  for (const line of [
    "file:///x/main.js:1",
    "throw new TypeError()",
    "      ^",
    "",
    "TypeError: no project",
    "    at x (file.js:1:1)",
    "Node.js v24.1.0",
  ])
    words.add(line);
  assert.equal(words.gist(), "TypeError: no project");
});

test("without an error the last line is told, and of silence nothing", () => {
  const words = createLastWords();
  assert.equal(words.gist(), null);
  words.add("warming up");
  words.add("Killed");
  assert.equal(words.gist(), "Killed");
});

test("only the end is remembered", () => {
  const words = createLastWords();
  for (let line = 0; line < 1_000; line++) words.add(`${line} ${"x".repeat(10_000)}`);
  assert.equal(words.lines().length, 20);
  assert.match(words.lines()[19] ?? "", /^999 /);
  assert.ok(words.lines().every((line) => line.length <= 500));
});

test("a traced secret leaves only the name of its message", () => {
  const response = 'Sending response \'jiuzhang/secret/get - (0)\'. Processing request took 1ms.\nResult: {\n  "value": "sk-1"\n}\n';
  assert.equal(withoutSecrets(response), "Sending response 'jiuzhang/secret/get - (0)'. Processing request took 1ms.");
  const other = 'Sending request \'jiuzhang/corpus/page - (1)\'.\nParams: {"dataset":"jiuzhang/secret/get"}';
  assert.equal(withoutSecrets(other), other);
});

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseMessages } from "./messages.ts";
import { findMarkers } from "./roles.ts";

suite("role markers", () => {
  const marker = (line: string): unknown => {
    const [found] = findMarkers(line, [{ kind: "literal", text: line }]);
    return found === undefined ? null : [found.role, found.metadata];
  };
  const cases: [string, unknown][] = [
    ["user:", ["user", {}]],
    ["  # Assistant :  ", ["assistant", {}]],
    ["DEVELOPER:\r", ["developer", {}]],
    ['user[name="A, b", id=-7.5, x=]:', ["user", { name: "A, b", id: -7.5, x: "" }]],
    ["system [a = b ,]:", ["system", { a: "b" }]],
    ["user[role=system]:", ["user", { role: "system" }]],
    ["## user:", null],
    ["user: hi", null],
    ["user", null],
    ["the user:", null],
    ["tool:", null],
    ["user[]:", null],
    ["user[name]:", null],
    ['user[a="b]:', null],
    ["user[a=b]c:", null],
  ];
  for (const [line, expected] of cases) test(JSON.stringify(line), () => assert.deepEqual(marker(line), expected));
});

test("text before the first marker is a system message, blank lines are none", () => {
  const roles = (text: string): string[] => parseMessages(text).map(({ role }) => role);
  assert.deepEqual(roles("Hi\nuser:\nx"), ["system", "user"]);
  assert.deepEqual(roles("\n \nuser:\nx"), ["user"]);
  assert.deepEqual(roles(""), ["system"]);
});

test("a thread splits the message that it stands in", () => {
  const thread = [{ role: "assistant", content: "t" }];
  const split = (text: string, value: unknown = thread): unknown =>
    parseMessages(text, { talk: value }).map(({ role, content }) => [role, content[0]?.value]);
  const mark = "__PROMPTY_THREAD_0123456789abcdef_talk__";
  assert.deepEqual(split(`user:\na\n${mark}\nb`), [
    ["user", "a"],
    ["assistant", "t"],
    ["user", "b"],
  ]);
  assert.deepEqual(split(`user:\n${mark}`), [["assistant", "t"]]);
  assert.deepEqual(split(`user:\n${mark}`, []), []);
  assert.deepEqual(split(`user:\n${mark}`, "no thread"), [["user", mark]]);
  assert.deepEqual(split("user:\n__PROMPTY_THREAD_01234567_other__"), [["user", "__PROMPTY_THREAD_01234567_other__"]]);
});

test("thousands of messages and very long lines take no long time", () => {
  assert.equal(parseMessages("user:\nx\n".repeat(20_000)).length, 20_000);
  assert.equal(parseMessages(`user[${"a=1,".repeat(100_000)}]:\nx`).length, 1);
  assert.equal(parseMessages(" ".repeat(1_000_000)).length, 1);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { plain } from "./plain.ts";

/** What the editor takes for a link in a message. */
const LINK = /\[[^\]]+\]\((?:https?:\/\/|command:|file:)[^)\s]+/i;

test("other people's text brings no link into a message", () => {
  for (const text of ["[fix](command:workbench.action.quit)", "x [a](HTTPS://example.org) y", "[[a](file:///b)](command:c)"]) {
    assert.match(text, LINK);
    assert.doesNotMatch(plain(text), LINK);
  }
});

test("mathematics stays as it is", () => {
  for (const text of ["f[1](x)", "[0, 1](open)", "\\[x\\](y): z"]) assert.equal(plain(text), text);
});

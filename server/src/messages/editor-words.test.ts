import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Problem } from "#protocol/errors.ts";
import { forEditor } from "./editor-words.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const remedyOf = (problem: Partial<Problem>): string | undefined => forEditor({ code: "job/failed", message: "m", ...problem }).remedy;

test("what the terminal says of commands and options is said otherwise in the editor", () => {
  const cases: [string, string][] = [
    ["Run the same command again: it asks only what is missing.", "Generate again: only what is missing is asked."],
    [
      "Look at that file; running the same command again asks only what is missing.",
      "Look at that file; generating again asks only what is missing.",
    ],
    ["The end of that file says why; then run the same command again.", "The end of that file says why; then generate again."],
    ["Install Node.js with npm, or use another server: --base-url URL --model NAME.", "Install Node.js with npm, or add another endpoint."],
    ["Use any OpenAI-compatible server instead: --base-url URL --model NAME.", "Add another endpoint."],
    ["Raise max_tokens in the template or with --max-tokens.", "Raise max_tokens in the template."],
    ["Choose another one.", "Choose another one."],
  ];
  for (const [terminal, editor] of cases) assert.equal(remedyOf({ remedy: terminal }), editor);
  assert.equal(remedyOf({}), undefined);
});

test("a missing key is set where it comes from", () => {
  assert.match(
    remedyOf({ code: "model/missing-key", data: { variable: "JIUZHANG_KEY_HOUSE" } }) ?? "",
    /^Set it with “JiuZhang: Set API Key…”/,
  );
  assert.match(remedyOf({ code: "model/missing-key", data: { variable: "LAB_KEY" } }) ?? "", /environment variable LAB_KEY/);
  assert.match(remedyOf({ code: "model/missing-key" }) ?? "", /Name one in jiuzhang\.yaml/);
});

/** Files whose remedies are read in the editor: of rooms that the language server uses. */
const sources = () =>
  globSync("server/src/{messages,runs,engine,endpoints,jobs}/**/*.ts", { cwd: root, exclude: (name) => name.endsWith(".test.ts") }).map(
    (file) => ({
      file,
      text: readFileSync(join(root, file), "utf8"),
    }),
  );

test("commands that a remedy names are the manifest's", () => {
  const { contributes } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    contributes: { commands: { title: string; category: string }[] };
  };
  const titles = new Set(contributes.commands.map(({ title, category }) => `${category}: ${title}`));
  const named = sources().flatMap(({ text }) => [...text.matchAll(/“(JiuZhang: [^”]+)”/g)].map(([, title]) => title as string));
  assert.ok(named.length > 3);
  for (const title of named) assert.ok(titles.has(title), title);
});

test("no remedy of these rooms speaks of an option of the command line once it is in the editor's words", () => {
  const said = sources()
    .filter(({ file }) => !/target\.ts$/.test(file))
    .flatMap(({ file, text }) =>
      [...text.matchAll(/remedy:\s*(?:\n\s*)?(["`])((?:(?!\1).)*)\1/g)].map(([, , remedy]) => ({ file, remedy: remedy as string })),
    );
  assert.ok(said.length > 40);
  for (const { file, remedy } of said) assert.doesNotMatch(remedyOf({ remedy }) ?? "", /--[a-z]|same command/, `${file}: ${remedy}`);
});

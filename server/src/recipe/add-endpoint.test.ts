import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppError } from "#protocol/errors.ts";
import type { NewEndpoint } from "#protocol/messages/endpoints.ts";
import { addEndpoint } from "./add-endpoint.ts";
import { parseRecipe } from "./parse.ts";

const served: NewEndpoint = { name: "teacher", base_url: "https://api.openai.com/v1", model: "gpt-4o", embedded: false, secret: "openai" };
const embedded: NewEndpoint = { name: "own", base_url: null, model: null, embedded: true, secret: null };
const add = (source: string, endpoint: NewEndpoint = served) => addEndpoint(source, endpoint, "jiuzhang.yaml");

const DECLARED = "  teacher:\n    base_url: https://api.openai.com/v1\n    model: gpt-4o\n    api_key: { secret: openai }\n";

test("a new endpoint stands below the others, and nothing else moves", () => {
  const cases: [string, string][] = [
    ["", `# The recipe of this project: the models that it may ask.\nendpoints:\n${DECLARED}`],
    ["# only a remark", `# only a remark\n\nendpoints:\n${DECLARED}`],
    ["endpoints:\n", `endpoints:\n${DECLARED}`],
    ["endpoints:", `endpoints:\n${DECLARED}`],
    ["endpoints: # none yet\n\nsteps: {}\n", `endpoints: # none yet\n${DECLARED}\nsteps: {}\n`],
    ["endpoints: {}\nsteps: {}\n", `endpoints:\n${DECLARED}steps: {}\n`],
    ["endpoints: ~ # later\n", `endpoints:\n${DECLARED.trimEnd()} # later\n`],
    ["steps: { a: 1 }\n", `steps: { a: 1 }\n\nendpoints:\n${DECLARED}`],
    [
      "endpoints:\n\n  small: { embedded: true }   # ours\n\n  # Your own:\n  # big: {}\nsteps:   {}\n",
      `endpoints:\n\n  small: { embedded: true }   # ours\n${DECLARED}\n  # Your own:\n  # big: {}\nsteps:   {}\n`,
    ],
    [
      "endpoints:\n    a:\n        embedded:   true\n\n\n# the end\n",
      `endpoints:\n    a:\n        embedded:   true\n${DECLARED.replace(/^ {2}/gm, "    ")}\n\n# the end\n`,
    ],
    [
      "endpoints: { a: { embedded: true } } # one line\n",
      "endpoints: { a: { embedded: true }, teacher: { base_url: https://api.openai.com/v1, model: gpt-4o, api_key: { secret: openai } } } # one line\n",
    ],
  ];
  for (const [before, after] of cases) {
    const { source, edit, line } = add(before);
    assert.equal(source, after);
    assert.equal(before.slice(0, edit.start) + edit.text + before.slice(edit.end), source);
    assert.match(source.split("\n")[line - 1] ?? "", /teacher:/);
    assert.deepEqual(parseRecipe(source, "f").problems, []);
  }
});

test("lines end as the file's lines do", () => {
  const { source } = add("# a\r\nendpoints:\r\n  small: { embedded: true }\r\n");
  assert.ok(!/[^\r]\n/.test(source));
  assert.equal(parseRecipe(source, "f").endpoints.get("teacher")?.model, "gpt-4o");
});

test("an embedded endpoint fits into one line", () => {
  assert.equal(add("endpoints:\n", embedded).source, "endpoints:\n  own: { embedded: true }\n");
  assert.equal(
    add("endpoints:\n", { ...embedded, model: "models/a.gguf" }).source,
    "endpoints:\n  own: { embedded: true, model_file: models/a.gguf }\n",
  );
});

test("what cannot be added is refused with its place", () => {
  const cases: [string, NewEndpoint, RegExp, number | undefined][] = [
    ["endpoints:\n  teacher: { embedded: true }\n", served, /“teacher” already/, 2],
    ["endpoints:\n\tteacher: 1\n", served, /tab/, 2],
    ["", { ...served, name: "my teacher" }, /cannot be the name/, undefined],
    ["", { ...served, base_url: "localhost:8000" }, /“base_url” must be/, undefined],
    ["", { ...served, base_url: null }, /does not say where/, undefined],
    ["", { ...served, model: null }, /no “model”/, undefined],
    ["", { ...served, secret: "sk-0123456789abcdef0123" }, /looks like a key/, undefined],
    ["endpoints: [ a ]\n", served, /by program/, undefined],
    ["{ steps: {} }\n", served, /by program/, undefined],
    ["a\n", served, /by program/, undefined],
  ];
  for (const [source, endpoint, words, line] of cases)
    assert.throws(
      () => add(source, endpoint),
      (thrown) => {
        assert.ok(thrown instanceof AppError, String(thrown));
        assert.match(thrown.problem.message, words);
        assert.equal(thrown.problem.where?.line, line);
        assert.ok(thrown.problem.remedy);
        return true;
      },
      source,
    );
});

test("a recipe with a wrong endpoint takes another one", () => {
  const { source } = add("endpoints:\n  odd: { base_url: nowhere, model: m }\n");
  assert.deepEqual([...parseRecipe(source, "f").endpoints.keys()], ["teacher"]);
});

test("whatever names and models are, the recipe reads as it was meant, and the old text is whole", () => {
  const text = fc.string({ minLength: 1, maxLength: 30, unit: "grapheme" }).filter((value) => value.trim() !== "");
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
  const piece = fc.constantFrom("\n", "# remark\n", "  # inner\n", "steps:\n  a: { verb: import }\n", "hosts:\n  here: {}\n");
  const recipe = fc
    .record({
      head: fc.array(piece, { maxLength: 2 }),
      names: fc.uniqueArray(name, { maxLength: 3 }),
      tail: fc.constantFrom("", "\n# end", "\n\n"),
    })
    .map(({ head, names, tail }) => {
      const parts = [...new Set(head)].join("");
      const own =
        names.length === 0 ? "" : `endpoints:\n${names.map((one) => `  ${JSON.stringify(one)}: { embedded: true } # ${one}\n`).join("")}`;
      return { source: parts + own + tail, names };
    });
  fc.assert(
    fc.property(recipe, name, text, ({ source, names }, fresh, model) => {
      fc.pre(!names.includes(fresh));
      const added = add(source, { ...served, name: fresh, model });
      const { endpoints, lines, problems } = parseRecipe(added.source, "f");
      assert.deepEqual(problems, []);
      assert.deepEqual([...endpoints.keys()].sort(), [...names, fresh].sort());
      assert.equal(endpoints.get(fresh)?.model, model);
      assert.equal(lines.get(fresh), added.line);
      assert.ok(added.source.startsWith(source.slice(0, added.edit.start)) && added.source.endsWith(source.slice(added.edit.end)));
      assert.equal(added.edit.start, added.edit.end);
    }),
  );
});

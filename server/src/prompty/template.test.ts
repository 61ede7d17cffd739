import assert from "node:assert/strict";
import { test } from "node:test";
import { TEMPLATE_MAX_BYTES } from "#protocol/limits.ts";
import { MAX_BLOCK_DEPTH } from "./body.ts";
import { MAX_EXPRESSION_PARTS } from "./expression.ts";
import { FRONT_MATTER_MAX_CHARACTERS } from "./front-matter.ts";
import { MAX_DIAGNOSTICS } from "./report.ts";
import { parseTemplate } from "./template.ts";

const seeded = (body: string): string => `---\ninputs:\n  seed: { kind: string }\n---\n${body}`;

test("a template without faults has no findings", () => {
  const source = seeded(
    "system:\nYou write.\n\nNote:\n# Users:\nuser:\n{% for x in seed %}{{ loop.index }}{{ x | upper }}{% endfor %}{# note #}",
  );
  assert.deepEqual(parseTemplate(source).diagnostics, []);
});

test("words with a colon that are no lone line of a paragraph's beginning are text", () => {
  for (const body of [
    "user:\nHere is the text\nexample:\nOne.",
    "user:\n\nThe example:\nOne.",
    "user:\n\nexample: one",
    "user:\n\nExample:\nOne.",
    "user:\n\n# example:\nOne.",
    "user:\n\n  example:\nOne.",
    "user:\n\nexample1:\nOne.",
    "user:\n\n{{ seed }}:\nOne.",
    "user:\n\nexample{# a #}:\nOne.",
    "user:\n{# a\n\nexample:\n#}One.",
  ])
    assert.deepEqual(parseTemplate(seeded(body)).diagnostics, [], body);
  assert.deepEqual(parseTemplate("---\nmetadata: { jiuzhang: { completion: true } }\n---\nwizard:\nHi").diagnostics, []);
});

test("a template with another error is not called empty as well", () => {
  for (const source of ["---\nname: [\n---\n", "---\nname: a\n"])
    assert.ok(
      parseTemplate(source).diagnostics.every(({ message }) => !message.includes("empty")),
      source,
    );
});

test("10 MB: one finding, and nothing is read", () => {
  const template = parseTemplate(`---\nname: big\n---\n${"x".repeat(10 * 1024 * 1024)}`);
  assert.equal(template.name, null);
  assert.deepEqual(template.nodes, []);
  const [only, ...others] = template.diagnostics;
  assert.deepEqual(others, []);
  assert.equal(only?.code, "template/too-large");
  assert.deepEqual([only?.where?.line, only?.where?.column], [1, 1]);
  assert.match(only?.message ?? "", /8 MB/);
  assert.ok(only?.remedy);
});

test("the limit counts bytes, not characters", () => {
  const characters = Math.floor(TEMPLATE_MAX_BYTES / 3);
  assert.deepEqual(parseTemplate("数".repeat(characters)).diagnostics, []);
  assert.equal(parseTemplate("数".repeat(characters + 1)).diagnostics[0]?.code, "template/too-large");
});

test("front matter beyond its limit is refused, the body stays", () => {
  const template = parseTemplate(`---\na: "${"x".repeat(FRONT_MATTER_MAX_CHARACTERS)}"\n---\nuser:\nHi`);
  assert.equal(template.diagnostics[0]?.code, "template/too-large");
  assert.equal(template.nodes.length, 1);
});

test("CRLF and a byte order mark change neither the tree nor the places", () => {
  const lf = seeded("system:\nA {{ seed | uper }}\nuser:\nB");
  const crlf = `\uFEFF${lf.replaceAll("\n", "\r\n")}`;
  const [plain, marked] = [parseTemplate(lf), parseTemplate(crlf)];
  assert.equal(marked.inputs[0]?.name, "seed");
  assert.deepEqual(
    marked.diagnostics.map(({ where, message }) => ({ where, message })),
    plain.diagnostics.map(({ where, message }) => ({ where, message })),
  );
  const [found] = marked.diagnostics;
  assert.equal(crlf.slice(found?.span.start, found?.span.end), "uper");
  assert.deepEqual(
    marked.nodes.map((node) => (node.kind === "text" ? node.value : node.kind)),
    plain.nodes.map((node) => (node.kind === "text" ? node.value : node.kind)),
  );
});

test("half-typed text keeps what can be understood", () => {
  const template = parseTemplate(
    "---\nname: a\ninputs:\n  seed: { kind: string, required: true }\n  hint:\nmodel:\n---\nuser:\n{{ seed | }}{% if hint %}x",
  );
  assert.deepEqual(
    template.inputs.map(({ name, required }) => [name, required]),
    [
      ["seed", true],
      ["hint", false],
    ],
  );
  assert.deepEqual(
    template.nodes.map(({ kind }) => kind),
    ["text", "interp", "if"],
  );
});

test("front matter that is not closed gives its members and the body from the first role on", () => {
  const template = parseTemplate("---\nname: a\nsystem:\nBe kind.\n{{ q }}");
  assert.equal(template.name, "a");
  assert.deepEqual(
    template.nodes.map(({ kind }) => kind),
    ["text", "interp"],
  );
});

test("broken YAML is not followed by findings about its shape or about inputs", () => {
  const { diagnostics } = parseTemplate("---\ninputs:\n  a: [\nmodel: [x\n---\n{{ seed }}");
  assert.ok(diagnostics.length > 0);
  for (const { message } of diagnostics) assert.match(message, /Invalid frontmatter YAML/);
});

test("deep nesting ends in a finding, not in an overflow", () => {
  const deep = (text: string, count: number): string => text.repeat(count);
  const blocks = parseTemplate(deep("{% if a %}", 50_000) + deep("{% endif %}", 50_000));
  assert.match(blocks.diagnostics[0]?.message ?? "", new RegExp(`more than ${MAX_BLOCK_DEPTH} deep`));
  for (const inside of [
    deep("(", 50_000),
    deep("not ", 50_000),
    `a${deep("[a", 50_000)}`,
    `a${deep(" | upper", 50_000)}`,
    `a${deep(" or a", 50_000)}`,
  ])
    assert.match(parseTemplate(`{{ ${inside} }}`).diagnostics[0]?.message ?? "", new RegExp(`more than ${MAX_EXPRESSION_PARTS} parts`));
  for (const yaml of [deep("[", 20_000), deep("{a: ", 20_000), deep("? ", 20_000), deep("- ", 20_000)])
    assert.match(parseTemplate(`---\n${yaml}\n---\n`).diagnostics[0]?.message ?? "", /Invalid frontmatter YAML/);
});

test("findings are limited, and errors outlive warnings", () => {
  const { diagnostics } = parseTemplate(seeded("{{ other }}".repeat(500) + "{{ other | nothing }}".repeat(500)));
  assert.equal(diagnostics.length, MAX_DIAGNOSTICS);
  assert.ok(diagnostics.every(({ severity }) => severity === "error"));
});

test("unknown members are kept without a finding", () => {
  const template = parseTemplate("---\nname: a\nauthors: [me]\nsample: { x: 1 }\n---\nHi");
  assert.deepEqual(template.diagnostics, []);
  assert.deepEqual(template.data.sample, { x: 1 });
});

test("inputs have a list form, a map form and bare values", () => {
  const kinds = (yaml: string): unknown =>
    parseTemplate(`---\ninputs:\n${yaml}\n---\n`).inputs.map(({ name, kind, default: value }) => [name, kind, value]);
  assert.deepEqual(kinds("  - name: a\n    kind: integer\n    default: 5"), [["a", "integer", 5]]);
  assert.deepEqual(kinds("  a: Jane\n  b: 42\n  c: 3.14\n  d: true\n  e: [1]\n  f: { x: 1 }\n  g:"), [
    ["a", "string", "Jane"],
    ["b", "integer", 42],
    ["c", "float", 3.14],
    ["d", "boolean", true],
    ["e", "array", [1]],
    ["f", "object", { x: 1 }],
    ["g", "string", undefined],
  ]);
  assert.deepEqual(kinds("  a: { kind: string, default: x }"), [["a", "string", "x"]]);
});

test("a member called __proto__ stays data", () => {
  const template = parseTemplate('---\nmetadata: { "__proto__": { polluted: true } }\n---\n', { env: {} });
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  assert.equal((template.metadata as { polluted?: unknown }).polluted, undefined);
});

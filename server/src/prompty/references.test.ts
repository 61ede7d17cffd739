import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type ParseOptions, parseTemplate, type Template } from "./template.ts";

/** A reference as it stands in front matter. */
const reference = (text: string): string => `\${${text}}`;

function parse(text: string, options: ParseOptions): Template {
  return parseTemplate(`---\nmetadata:\n  list: [{ deep: "${reference(text)}" }]\n---\nHi`, options);
}

function resolved(text: string, options: ParseOptions): unknown {
  const { metadata, diagnostics } = parse(text, options);
  assert.deepEqual(diagnostics, []);
  return (metadata.list as { deep: unknown }[])[0]?.deep;
}

suite("environment", () => {
  test("a variable, its default, and an empty value", () => {
    assert.equal(resolved("env:A", { env: { A: "x" } }), "x");
    assert.equal(resolved("ENV:A", { env: { A: "" } }), "");
    assert.equal(resolved("env:A:https://x.org", { env: {} }), "https://x.org");
  });

  test("a missing variable is told where it is used", () => {
    const { diagnostics } = parse("env:A", { env: {} });
    assert.equal(diagnostics[0]?.message, "Environment variable 'A' not set");
    assert.deepEqual([diagnostics[0]?.where?.line, diagnostics[0]?.where?.column], [3, 18]);
    assert.match(diagnostics[0]?.remedy ?? "", /default/);
  });

  test("inherited members of the environment are none", () => {
    assert.equal(parse("env:constructor", { env: {} }).diagnostics.length, 1);
  });
});

suite("files", () => {
  const files: Record<string, string> = { "a.json": '\uFEFF{"x": 1}', "b.yaml": "x: [1]", "sub/c.txt": "text\n", "bad.json": "{" };
  const readFile = (path: string): string | null => files[path] ?? null;

  test("are read by their ending", () => {
    assert.deepEqual(resolved("file:a.json", { readFile }), { x: 1 });
    assert.deepEqual(resolved("file:./b.yaml", { readFile }), { x: [1] });
    assert.equal(resolved("file:sub/../sub/c.txt", { readFile }), "text\n");
  });

  test("that leave the folder are refused without being read", () => {
    const refuse = (): never => assert.fail("must not be read");
    for (const path of ["../a.json", "sub/../../a.json", "/etc/passwd", "C:/x", "..\\\\a.json", "\\\\\\\\host\\\\x", ".", ""]) {
      const [problem] = parse(`file:${path}`, { readFile: refuse }).diagnostics;
      assert.match(problem?.message ?? "", /outside allowed roots/, path);
      assert.ok(problem?.remedy);
    }
  });

  test("that are missing or broken are told", () => {
    for (const path of ["none.json", "bad.json"]) {
      const [problem] = parse(`file:${path}`, { readFile }).diagnostics;
      assert.equal(problem?.code, "template/unreadable");
      assert.equal(problem?.where?.line, 3);
      assert.ok(problem?.remedy);
    }
  });
});

test("references stay as they are where nobody resolves them, and unknown ones always", () => {
  for (const text of ["env:A", "file:a.json"]) assert.equal(resolved(text, {}), reference(text));
  for (const text of ["vault:A", "plain"]) assert.equal(resolved(text, { env: {}, readFile: () => null }), reference(text));
});

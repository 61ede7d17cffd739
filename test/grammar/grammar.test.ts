import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/root.ts";
import { lexTemplate } from "../../server/src/prompty/lexer.ts";
import { findMarkers } from "../../server/src/prompty/roles.ts";
import { parseTemplate } from "../../server/src/prompty/template.ts";
import { loadPrompty, type Token } from "./tokens.ts";

const tokens = await loadPrompty();

const HEAD = "---\nname: x\n---\n";

/** The scopes of the first token with this text, joined; fails where there is none. */
function scopesOf(text: string, token: string, line?: number): string {
  const found = tokens(text).find((one) => one.text.trim() === token && (line === undefined || one.line === line));
  assert.ok(found, `no token “${token}” in ${JSON.stringify(tokens(text).map((one) => one.text))}`);
  return found.scopes.join(" ");
}

const has = (text: string, token: string, scope: string, line?: number) =>
  assert.match(scopesOf(text, token, line), new RegExp(`\\b${scope.replaceAll(".", "\\.")}`));
const lacks = (text: string, scope: string) => {
  const wrong = tokens(text).filter(({ scopes }) => scopes.some((one) => one.startsWith(scope)));
  assert.deepEqual(wrong, [], `${scope} in ${JSON.stringify(text)}`);
};
const roles = (found: Token[]) =>
  found.filter(({ scopes }) => scopes.includes("keyword.other.role.prompty")).map(({ line, text }) => `${line} ${text}`);

test("front matter is YAML, the body is not", () => {
  const text = `${HEAD}system:\nname: no YAML\n`;
  has(text, "name", "source.yaml", 2);
  has(text, "---", "punctuation.definition.front-matter.begin", 1);
  has(text, "---", "punctuation.definition.front-matter.end", 3);
  assert.doesNotMatch(scopesOf(text, "name: no YAML"), /yaml/);
  has("\n  \n---\nname: x\n---\nuser:\n", "name", "source.yaml");
  has("+++\nname: x\n---\nuser:\n", "user", "keyword.other.role");
});

test("a quote or a bracket that the YAML leaves open does not reach the body", () => {
  for (const open of ['description: "half', "tags: [a, b", "tags: [a\n  b"]) {
    const text = `---\n${open}\n---\nuser:\n{{ text }}\n`;
    has(text, "user", "keyword.other.role");
    has(text, "text", "variable.other.readwrite");
    assert.doesNotMatch(scopesOf(text, "user"), /yaml/);
  }
});

test("front matter that is not closed ends at the first role, as it does for the parser", () => {
  const text = "---\nname: x\nsystem:\nBe {{ kind }}.\n";
  has(text, "system", "keyword.other.role");
  has(text, "kind", "variable.other.readwrite");
});

test("--- inside the body is text", () => {
  const text = `${HEAD}user:\nabove\n---\nbelow: x\n---\n{{ y }}`;
  assert.ok(tokens(text).every(({ line, scopes }) => line < 4 || !scopes.includes("source.yaml")));
  assert.equal(tokens(text).filter(({ scopes }) => scopes.some((one) => one.includes("front-matter.begin"))).length, 1);
  has(text, "y", "variable.other.readwrite");
  lacks("text\n---\nname: x\n---\n", "source.yaml");
});

test("roles are the lines that the parser takes for roles", () => {
  const lines = `system:|user:|assistant:|developer:|User :|  user:  |# user:|user[name="Ann", id=7]:|USER:|user []:|user [a=1]  :|#user:
|the user: is|user: hello|a user:|users:|user|user: :|tool:|{{ x }}user:|user:{{ x }}|user[{{ x }}]:|user{# x #}:|## user:|- user:|user;:|user.:`;
  for (const line of lines.replaceAll("\n", "").split("|")) {
    const pieces = lexTemplate(line, 0, line.length).map(({ kind, start, end }) => ({
      kind: kind === "text" ? ("literal" as const) : ("interp" as const),
      text: line.slice(start, end),
    }));
    const expected = findMarkers(line, pieces).length;
    assert.equal(roles(tokens(`${HEAD}${line}\ntext`)).length, expected, line);
  }
  const attributes = `${HEAD}user[name="Ann", id=7]:`;
  has(attributes, "name", "entity.other.attribute-name", 4);
  has(attributes, '"Ann"', "string.quoted");
  has(attributes, "7", "constant.numeric");
});

test("the words of a tag", () => {
  const text = '{% for item in items %}{{ item.name | default("it\'s \\"x\\"") | mine }}{% endfor %}{{ loop.index == -2.5 and not true }}';
  has(text, "for", "keyword.control.prompty");
  has(text, "in", "keyword.operator.logical");
  has(text, "item", "variable.other.readwrite");
  has(text, "name", "variable.other.property");
  has(text, "default", "support.function.filter");
  has(text, "mine", "entity.name.function.filter");
  has(text, '\\"', "constant.character.escape");
  has(text, "loop", "variable.language.loop");
  has(text, "==", "keyword.operator.comparison");
  has(text, "-2.5", "constant.numeric");
  has(text, "true", "constant.language");
  has("{%- if x -%}", "-%}", "keyword.control.delimiter");
  has('{{ "}}" }} after', '"', "string.quoted.double");
  assert.equal(scopesOf('{{ "}}" }} after', "after"), "source.prompty");
});

test("a half-typed tag ends with its line or before the next tag", () => {
  for (const half of ["{{", "{{ te", "{% if", "{%", '{{ "half', "{{ x | ", "{{ a.", "{{ x }"]) {
    const text = `${half}\nplain\nuser:\n`;
    assert.equal(scopesOf(text, "plain"), "source.prompty", half);
    assert.deepEqual(roles(tokens(text)), ["3 user"], half);
  }
  has("{{ half {{ text }}", "text", "variable.other.readwrite");
  assert.equal(scopesOf("{{ half {% if x %}plain", "plain"), "source.prompty");
  assert.equal(scopesOf("a { b } % } plain", "a { b } % } plain"), "source.prompty");
});

test("a comment hides tags and roles, over lines too", () => {
  const text = "{# one {{ x }}\nuser:\n#}\nuser:\n";
  assert.deepEqual(roles(tokens(text)), ["4 user"]);
  lacks(text, "variable");
});

test("headings", () => {
  has("## Question", "Question", "markup.heading");
  has("## About {{ topic }} now", "topic", "variable.other.readwrite");
  lacks("#tag\nno # heading\n#", "markup.heading");
});

test("every shipped template: roles, inputs and front matter are where the parser finds them", () => {
  const files = globSync("prompts/**/*.prompty", { cwd: root });
  assert.ok(files.length > 0);
  for (const file of files) {
    const source = readFileSync(join(root, file), "utf8");
    const { frontMatter, inputs, body } = parseTemplate(source);
    const found = tokens(source);
    const lineOf = (offset: number) => source.slice(0, offset).split("\n").length;
    const yaml = new Set(found.filter(({ scopes }) => scopes.includes("source.yaml")).map(({ line }) => line));
    assert.deepEqual([Math.min(...yaml), Math.max(...yaml)], [lineOf(frontMatter.yaml.start), lineOf(frontMatter.yaml.end) - 1], file);
    const expected = source.slice(body.start, body.end).match(/^(?:system|user|assistant|developer)(?=:$)/gm) ?? [];
    assert.deepEqual(
      roles(found).map((role) => role.split(" ")[1]),
      expected,
      file,
    );
    const names = new Set(found.filter(({ scopes }) => scopes.includes("variable.other.readwrite.prompty")).map(({ text }) => text));
    assert.deepEqual(
      [...names],
      inputs.map(({ name }) => name),
      file,
    );
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { TemplateProfile } from "#protocol/template.ts";
import { parseTemplate } from "./template.ts";

function profile(jiuzhang: string): TemplateProfile {
  const { profile: read, diagnostics } = parseTemplate(`---\nmetadata: { jiuzhang: ${jiuzhang} }\n---\nHi`);
  assert.deepEqual(diagnostics, []);
  return read;
}

test("defaults: sections with the paper's headings, any form of answer", () => {
  const parse = { form: "sections", problem: "## Problem", solution: "## Solution", answer: "any" };
  assert.deepEqual(parseTemplate("Hi").profile, { stage: null, format: null, parse, completion: false });
  assert.deepEqual(profile("{ stage: amc8, format: nl }"), { stage: "amc8", format: "nl", parse, completion: false });
});

test("a tool template takes the program's output, a completion goes on", () => {
  assert.equal(profile("{ format: tool }").parse.answer, "program");
  assert.equal(profile("{ format: tool, parse: { answer: boxed } }").parse.answer, "boxed");
  assert.equal(profile("{ completion: true }").parse.form, "continue");
});

test("a form alone, or every member", () => {
  assert.deepEqual(profile("{ parse: json }").parse, { form: "json", problem: "problem", solution: "solution", answer: "any" });
  assert.deepEqual(profile('{ parse: { form: sections, problem: "### Q", solution: "### A", answer: phrase } }').parse, {
    form: "sections",
    problem: "### Q",
    solution: "### A",
    answer: "phrase",
  });
});

test("what is wrong is told and takes its default", () => {
  const { profile: read, diagnostics } = parseTemplate(
    "---\nmetadata: { jiuzhang: { stage: 3, completion: maybe, parse: { form: xml, problem: 1, answr: x } } }\n---\nHi",
  );
  assert.deepEqual(read, {
    stage: null,
    format: null,
    completion: false,
    parse: { form: "sections", problem: "## Problem", solution: "## Solution", answer: "any" },
  });
  assert.deepEqual(diagnostics.map(({ severity }) => severity).sort(), ["error", "error", "error", "error", "warning"]);
});

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { ErrorCode } from "#protocol/errors.ts";
import type { Diagnostic } from "#protocol/template.ts";
import { parseTemplate } from "./template.ts";

interface Finding {
  title: string;
  source: string;
  severity?: Diagnostic["severity"];
  code?: ErrorCode;
  /** The text that the finding points at. */
  at: string;
  /** Line and column, both from 1. */
  place: [number, number];
  message: RegExp;
  remedy: RegExp;
}

const seeded = (body: string): string => `---\ninputs:\n  seed: { kind: string }\n---\n${body}`;

const findings: Finding[] = [
  {
    title: "broken YAML",
    source: "---\nname: [a, b\ndescription: x\n---\nuser:\nHi",
    at: "d",
    place: [3, 1],
    message: /Invalid frontmatter YAML/,
    remedy: /Correct the YAML/,
  },
  {
    title: "an expression in YAML",
    source: "---\ndescription: {{ seed }}\n---\nHi",
    at: "{ seed }",
    place: [2, 15],
    message: /plain word/,
    remedy: /in quotes/,
  },
  {
    title: "a member twice",
    source: "---\nname: a\nname: b\n---\nHi",
    at: "name",
    place: [3, 1],
    message: /occurs twice/,
    remedy: /Remove or rename/,
  },
  { title: "front matter that is a list", source: "---\n- a\n---\nHi", at: "- a\n", place: [2, 1], message: /mapping/, remedy: /name:/ },
  {
    title: "front matter that is not closed",
    source: "---\nname: a\nuser:\nHi",
    at: "---",
    place: [1, 1],
    message: /not closed/,
    remedy: /“---”/,
  },
  {
    title: "a delimiter with text",
    source: "--- name: a\n---\nHi",
    at: "---",
    place: [1, 1],
    message: /alone on its line/,
    remedy: /next line/,
  },
  {
    title: "an unknown filter",
    source: "user:\n{{ seed | uper }}",
    at: "uper",
    place: [2, 11],
    message: /no filter “uper”/,
    remedy: /“upper”/,
  },
  {
    title: "a filter's arguments",
    source: "{{ a | default }}",
    at: "a | default",
    place: [1, 4],
    message: /1 argument, not 0/,
    remedy: /default\("…"\)/,
  },
  {
    title: "an unknown role",
    source: "sytem:\nBe kind.\nuser:\nHi",
    severity: "warning",
    at: "sytem",
    place: [1, 1],
    message: /“sytem:” is no role, so the line becomes text of a system message/,
    remedy: /“system:”/,
  },
  {
    title: "another format's role",
    source: "user:\nHi\nhuman:\nHo",
    severity: "warning",
    at: "human",
    place: [3, 1],
    message: /no role, so the line stays text of the message before it/,
    remedy: /“user:”/,
  },
  {
    title: "a role of one's own at the beginning",
    source: "---\nname: a\n---\n\nwizard:\nBe kind.",
    severity: "warning",
    at: "wizard",
    place: [5, 1],
    message: /“wizard:” is no role, so the line becomes text of a system message/,
    remedy: /^Roles are system, developer, user, assistant\.$/,
  },
  {
    title: "a role of one's own behind a blank line",
    source: "system:\r\nBe kind.\r\n \r\nusers: \r\nHi",
    severity: "warning",
    at: "users",
    place: [4, 1],
    message: /“users:” is no role, so the line stays text/,
    remedy: /Did you mean “user:”\? Roles are/,
  },
  { title: "an empty file", source: "", at: "", place: [1, 1], message: /^The template is empty$/, remedy: /Write the prompt/ },
  { title: "a file of white space", source: " \n\n", at: "", place: [3, 1], message: /is empty/, remedy: /Write the prompt/ },
  {
    title: "front matter alone",
    source: "---\nname: a\n---\n\n",
    at: "",
    place: [5, 1],
    message: /is empty/,
    remedy: /below the front matter/,
  },
  { title: "a comment alone", source: "{# a #}\n", at: "{# a #}", place: [1, 1], message: /is empty/, remedy: /Write the prompt/ },
  {
    title: "a value in a role marker",
    source: "user[name={{ n }}]:\nHi",
    severity: "warning",
    at: "{{",
    place: [1, 11],
    message: /stays text/,
    remedy: /Write the attribute/,
  },
  {
    title: "a role in a completion",
    source: "---\nmetadata: { jiuzhang: { completion: true } }\n---\nuser:\nHi",
    severity: "warning",
    at: "user",
    place: [4, 1],
    message: /completion has no messages/,
    remedy: /completion: true/,
  },
  {
    title: "an unclosed expression",
    source: "user:\n{{ seed\nmore",
    at: "{{ seed",
    place: [2, 1],
    message: /“\{\{” is not closed/,
    remedy: /“\}\}”/,
  },
  {
    title: "an unclosed statement",
    source: "a {% if x\n{{ b }}",
    at: "{% if x",
    place: [1, 3],
    message: /“\{%” is not closed/,
    remedy: /“%\}”/,
  },
  { title: "an unclosed comment", source: "a {# b\nc", at: "{# b", place: [1, 3], message: /“\{#” is not closed/, remedy: /“#\}”/ },
  {
    title: "an unterminated block",
    source: "{% if a %}x",
    at: "{% if a %}",
    place: [1, 1],
    message: /“if” is not closed/,
    remedy: /\{% endif %\}/,
  },
  { title: "a stray end", source: "x{% endfor %}", at: "{% endfor %}", place: [1, 2], message: /closes nothing/, remedy: /\{% for … %\}/ },
  { title: "a stray else", source: "x{% else %}", at: "{% else %}", place: [1, 2], message: /outside of an “if”/, remedy: /\{% if … %\}/ },
  { title: "an unknown tag", source: "{% esle %}", at: "esle", place: [1, 4], message: /no tag “esle”/, remedy: /“else”/ },
  { title: "an empty tag", source: "a{{ }}", at: "{{ }}", place: [1, 2], message: /empty/, remedy: /name of an input/ },
  { title: "a test", source: "{{ a is defined }}", at: "is", place: [1, 6], message: /not “is”/, remedy: /undefined one counts as false/ },
  { title: "arithmetic", source: "{{ a + 1 }}", at: "+", place: [1, 6], message: /not “\+”/, remedy: /cannot calculate/ },
  {
    title: "a quote that is not closed",
    source: '{{ a | join(", ) }}',
    at: '", ) ',
    place: [1, 13],
    message: /not closed/,
    remedy: /Close it/,
  },
  { title: "a loop without in", source: "{% for a of b %}{% endfor %}", at: "of", place: [1, 10], message: /comes “in”/, remedy: /./ },
  {
    title: "a missing condition",
    source: "{% if %}{% endif %}",
    at: "{% if %}",
    place: [1, 1],
    message: /condition is missing/,
    remedy: /\{% if hint %\}/,
  },
  {
    title: "an undeclared name",
    source: seeded("user:\n{{ sede }}"),
    severity: "warning",
    at: "sede",
    place: [6, 4],
    message: /not declared/,
    remedy: /“seed”/,
  },
  {
    title: "an input without a name",
    source: "---\ninputs:\n  - kind: string\n---\n",
    at: "kind: string\n",
    place: [3, 5],
    message: /no name/,
    remedy: /name:/,
  },
  {
    title: "an unknown kind",
    source: "---\ninputs:\n  a: { kind: strng }\n---\n",
    severity: "warning",
    at: "strng",
    place: [3, 14],
    message: /kind “strng”/,
    remedy: /“string”/,
  },
  {
    title: "a mustache template",
    source: "---\ntemplate: { format: mustache }\n---\n",
    at: "mustache",
    place: [2, 21],
    message: /Invalid template format/,
    remedy: /jinja2/,
  },
  {
    title: "a wrong option",
    source: "---\nmodel: { options: { temperature: hot } }\n---\n",
    at: "hot",
    place: [2, 34],
    message: /must be a number/,
    remedy: /./,
  },
  {
    title: "an unknown option",
    source: "---\nmodel: { options: { max_tokens: 5 } }\n---\n",
    severity: "warning",
    at: "5",
    place: [2, 33],
    message: /not sent/,
    remedy: /additionalProperties/,
  },
  {
    title: "an unknown stage",
    source: "---\nmetadata: { jiuzhang: { stage: grad } }\n---\n",
    at: "grad",
    place: [2, 32],
    message: /cannot be/,
    remedy: /“grade”/,
  },
  {
    title: "a union of nothing",
    source: "---\noutputs:\n  - name: u\n    kind: union\n---\n",
    at: "u",
    place: [3, 11],
    message: /oneOf/,
    remedy: /exactly one/,
  },
];

suite("each finding has a code, a place and a remedy", () => {
  for (const { title, source, severity = "error", code = "template/invalid", at, place, message, remedy } of findings)
    test(title, () => {
      const found = parseTemplate(source).diagnostics.find((diagnostic) => message.test(diagnostic.message));
      assert.ok(found, JSON.stringify(parseTemplate(source).diagnostics));
      assert.equal(found.severity, severity);
      assert.equal(found.code, code);
      assert.equal(source.slice(found.span.start, found.span.end), at);
      assert.deepEqual([found.where?.line, found.where?.column], place);
      assert.match(found.remedy ?? "", remedy);
    });
});

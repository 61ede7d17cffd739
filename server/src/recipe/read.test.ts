import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { formatProblem, type Problem } from "#protocol/errors.ts";
import { parseRecipe } from "./parse.ts";
import { readRecipe } from "./read.ts";
import { STUDY } from "./study.fixture.ts";

/** The only problem of a recipe, as one line for people. */
function only(source: string): string {
  const { problems } = readRecipe(source, "f");
  assert.equal(problems.length, 1, problems.map(formatProblem).join("\n"));
  return formatProblem(problems[0] as Problem);
}

const ENDPOINTS = `endpoints:
  teacher: { base_url: "http://h/v1", model: m, price: { prompt: 1, completion: 2 } }
  lab: { base_url: "http://h/v1", model: m }
  small: { embedded: true }
`;

/** The only problem of the last step, of which the settings are given, among some that are in order; its place is left out. */
function ofStep(settings: string): string {
  const line = only(`${ENDPOINTS}hosts: { box: { ssh: gpu } }
steps:
  texts: { verb: import, from: a.jsonl }
  pool: { verb: synthesize, seeds: steps.texts, prompts: p.prompty, endpoint: teacher }
  writer: { verb: train, base: some/model, data: steps.pool }
  value: { verb: influence, candidates: steps.pool, base: some/model, targets: { t: t.jsonl } }
  quiet: { verb: run, command: ls }
  x: { ${settings} }
`);
  assert.match(line, /^f:(?:12|6|9):\d+: /);
  return line.replace(/^f:12:/, "");
}

const SYNTHESIZE = "verb: synthesize, prompts: p.prompty, endpoint: teacher, seeds:";

test("a whole study is read without a finding", () => {
  const { problems, steps, hosts, endpoints, broken } = readRecipe(STUDY, "jiuzhang.yaml");
  assert.deepEqual(problems.map(formatProblem), []);
  assert.deepEqual([endpoints.size, [...hosts.keys()], steps.size, broken.size], [2, ["here", "box", "cluster"], 13, 0]);
  assert.deepEqual(
    steps.get("writer")?.references.map(({ path, name }) => [path.join("."), name]),
    [
      ["data.0.from", "taught"],
      ["data.1.from", "boosted"],
    ],
  );
  assert.deepEqual([steps.get("corpus")?.host, steps.get("seeds")?.host], ["cluster", "here"]);
  assert.deepEqual(
    [...steps.values()].map(({ gives }) => gives).join(" "),
    "seeds rows rows model rows scores rows rows model rows rows model report",
  );
});

test("the sample's recipe and the README's are in order", () => {
  const at = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
  const shown = [...at("README.md").matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => text as string);
  assert.ok(shown.length > 0);
  for (const source of [at("media/sample/jiuzhang.yaml"), ...shown]) assert.deepEqual(readRecipe(source, "f").problems, []);
});

test("every setting of the other verbs is known", () => {
  const source = `${ENDPOINTS}hosts:
  here:
  hpc: { slurm: { partition: a, gpus: 8, time: "1:00:00", memory: 64G }, root: /r, gpus: [0, 1], env: { conda: jz, train: { venv: v } } }
steps:
  problems: { verb: import, from: [ a.csv, b.md ], kind: problems, chunk: 500, license: MIT, stage: grade, frozen: true }
  checked: { verb: verify, data: [ steps.problems, more.jsonl ], tests: [ t.jsonl ], accept: { parse: pass, overlap: [ pass, unknown ] } }
  listed: { verb: verify, data: steps.problems, accept: [ parse, answer ] }
  m: { verb: train, preset: student, base: { from: org/name, revision: main, dtype: bfloat16 }, data: { from: steps.checked, where: "accepted tokens<900", limit: 10 },
       method: lora, lora: { rank: 8 }, epochs: 2, schedule: { kind: wsd }, checkpoints: { keep: 1 }, launch: { processes: 8 }, host: hpc }
  s: { verb: synthesize, seeds: data/*.jsonl, sample: 5, seed: 1, prompts: [ a.prompty, b/*.prompty ], assign: all, samples: 2, model: steps.m, engine: vllm, vllm: { tensor_parallel: 2 } }
  e: { verb: evaluate, model: steps.m, tests: [ a.jsonl, { path: b.jsonl, limit: 3 } ], styles: [ cot ], shots: { path: c.jsonl }, sampling: { max_tokens: 99 } }
  out: { verb: export, data: { from: steps.s, where: label=keep }, to: out.jsonl }
  own: { verb: run, command: [ python, x.py ], inputs: { a: steps.e, b: steps.m, c: file.txt }, outputs: [ o.jsonl ], gives: rows }
  any: { verb: run, command: make, inputs: [ steps.own, steps.out ], outputs: o }
  after: { verb: influence, candidates: [ steps.own, steps.any ], base: steps.any, targets: { t: { from: steps.s, limit: 5 } }, lora: { rank: 4 } }
  best: { verb: synthesize, seeds: { from: steps.after, top: 4, where: accepted }, prompts: a.prompty, endpoint: small }
`;
  assert.deepEqual(readRecipe(source, "f").problems.map(formatProblem), []);
});

test("a step without a verb, or with another one, hears of the verbs", () => {
  assert.match(ofStep("from: a"), /^3: Step “x” has no “verb”\. Add one of: import, synthesize, /);
  assert.match(ofStep("verb: sythesize"), /^14: Step “x” has a verb that does not exist\. Did you mean “synthesize”\?/);
  assert.match(ofStep("verb: cook"), /Verbs are: import, /);
  assert.match(only("steps: { x: import }"), /Step “x” must be a group of settings/);
  assert.match(only("steps: [ a ]"), /“steps” must be a group of named steps/);
  assert.match(only("steps: { a b: { verb: import, from: x } }"), /A step's name must be one word/);
});

test("an unknown, a missing and a mistyped setting say what was meant", () => {
  const known = ofStep("verb: import, form: a.jsonl, from: b");
  assert.equal(known, "22: Step “x” has no setting “form”. Did you mean “from”?");
  assert.match(ofStep("verb: import, from: a, template: b"), /Step “x” has no setting “template”\. Known settings: verb, from, /);
  assert.match(ofStep("verb: import, from: a, learning_rate: 1"), /It is a setting of train\. Known settings/);
  assert.match(ofStep(`${SYNTHESIZE} a.jsonl, templates: b`), /no setting “templates”\. Did you mean “prompts”\?/);
  assert.equal(ofStep("verb: import"), "3: Step “x” has no “from”. Add from: data/seeds/*.jsonl, for example.");
  assert.equal(
    ofStep(`${SYNTHESIZE} { from: a.jsonl, wehre: b }`).replace(/^\d+: /, ""),
    "“seeds” of step “x” has no setting “wehre”. Did you mean “where”?",
  );
  assert.match(ofStep(`${SYNTHESIZE} 5`), /“seeds” must be text or a group of settings\. Write seeds: steps\.seeds, for example\./);
  assert.match(
    ofStep(`${SYNTHESIZE} a.jsonl, sample: many`),
    /“sample” must be a whole number above 0\. Write sample: 5300, for example\./,
  );
  assert.match(ofStep(`${SYNTHESIZE} a.jsonl, sample: 1.5`), /“sample” must be a whole number above 0/);
  assert.match(ofStep(`${SYNTHESIZE} a.jsonl, assign: on`), /“assign” must be one or all\. Did you mean “one”\?/);
  assert.match(ofStep(`${SYNTHESIZE} a.jsonl, budget: -1`), /“budget” must be a number above 0/);
  assert.match(
    ofStep("verb: train, base: m, data: d, preset: studnet"),
    /must be plain, synthesizer or student\. Did you mean “student”\?/,
  );
  assert.match(ofStep("verb: train, base: m, data: d, schedule: { warmup: 3 }"), /“schedule\.warmup” must be a number from 0 to 1/);
  assert.match(ofStep("verb: train, base: m, data: [ d, { from: 3 } ]"), /“data\[1\]\.from” must be text/);
  assert.match(ofStep("verb: train, base: m, data: [ d, { form: e } ]"), /has no setting “form”\. Did you mean “from”\?/);
  assert.match(
    ofStep("verb: synthesize, seeds: s, prompts: p, endpiont: teacher"),
    /has no setting “endpiont”\. Did you mean “endpoint”\?/,
  );
  assert.match(ofStep("verb: influence, candidates: c, base: m, targets: { a b: t }"), /“a b” cannot be a name here/);
  assert.match(ofStep("verb: train, base: m, data: []"), /“data” must be .*list/);
  assert.match(
    ofStep("verb: verify, data: d, accept: [ prase ]"),
    /“accept\[0\]” must be parse, answer, copy, duplicate or overlap\. Did you mean “parse”\?/,
  );
  assert.match(
    ofStep("verb: verify, data: d, accept: { prase: pass }"),
    /“accept” of step “x” has no setting “prase”\. Did you mean “parse”\?/,
  );
  assert.match(
    ofStep("verb: verify, data: d, accept: { parse: passed }"),
    /“accept\.parse” must be pass, fail or unknown or a list\. Did you mean “pass”\?/,
  );
  assert.match(
    ofStep("verb: evaluate, model: m, tests: t, styles: cot"),
    /“styles” must be a list\. Write styles: \[ cot, tool \], for example\./,
  );
  assert.match(ofStep("verb: import, from: a, frozen: yes"), /“frozen” must be true or false/);
});

test("a reference to no step, or to one with another result, says which would do", () => {
  assert.match(ofStep(`${SYNTHESIZE} steps.text`), /There is no step “text”\. Did you mean “steps\.texts”\?/);
  assert.match(ofStep("verb: verify, data: steps.jsonl"), /There is no step “jsonl”.* A file of this name is written \.\/steps\.jsonl\./);
  assert.match(ofStep("verb: verify, data: step.pool"), /begins with “steps\.”\. Did you mean “steps\.pool”\?/);
  assert.match(
    ofStep("verb: train, base: steps.pool, data: d"),
    /^27: steps\.pool gives rows, and “base” wants a model\. Steps that give a model: steps\.writer\.$/,
  );
  assert.match(
    ofStep("verb: train, base: m, data: [ { from: steps.texts } ]"),
    /steps\.texts gives seeds, and “data\[0\]\.from” wants rows\. .*steps\.pool/,
  );
  assert.match(
    ofStep(`${SYNTHESIZE} steps.value`),
    /steps\.value gives scores, and “seeds” wants seeds\. Write seeds: \{ from: steps\.value, top: 4000 \}/,
  );
  assert.match(ofStep("verb: evaluate, model: steps.value, tests: t"), /gives scores, and “model” wants a model/);
  assert.match(ofStep("verb: verify, data: steps.quiet"), /steps\.quiet declares no outputs/);
  assert.match(ofStep("verb: verify, data: d, tests: steps.pool"), /“tests” takes files, not the result of a step/);
});

test("endpoints and hosts that nobody declares, and both an endpoint and a model", () => {
  const seeds = "verb: synthesize, prompts: p, seeds: s";
  assert.match(ofStep(`${seeds}, endpoint: techer`), /There is no endpoint “techer”\. Did you mean “teacher”\?/);
  assert.match(ofStep(`${seeds}, model: m, host: bx`), /There is no host “bx”\. Did you mean “box”\?/);
  assert.match(ofStep(`${seeds}, model: m, host: far`), /Declared under “hosts” are: box, here\./);
  assert.match(ofStep(`${seeds}, model: m, endpoint: teacher`), /names both an endpoint and a model/);
  assert.match(ofStep(seeds), /does not say who is asked\. Add endpoint: NAME/);
  assert.match(ofStep(`${seeds}, endpoint: teacher, host: box`), /An endpoint is asked from this machine only/);
  assert.match(only("steps: { a: { verb: synthesize, prompts: p, seeds: s, endpoint: e } }"), /Declare it under “endpoints:”\./);
});

test("budget needs a price, top needs scores, overlap needs tests", () => {
  const seeds = "verb: synthesize, prompts: p, seeds: s";
  assert.match(ofStep(`${seeds}, endpoint: lab, budget: 5`), /“budget” needs a price, and endpoint “lab” declares none\. Add price:/);
  assert.match(ofStep(`${seeds}, endpoint: small, budget: 5`), /Remove “budget”: this endpoint costs nothing\./);
  assert.match(ofStep(`${seeds}, model: m, budget: 5`), /a model on a host has none/);
  assert.match(ofStep(`${SYNTHESIZE} { from: steps.texts, top: 4 }`), /“top” takes seeds by their scores, and steps\.texts has none/);
  assert.match(ofStep(`${SYNTHESIZE} { from: s.jsonl, top: 4 }`), /and files have none/);
  assert.match(ofStep(`${SYNTHESIZE} { from: steps.value }`), /does not say how many seeds of steps\.value it takes\. Add top: 4000/);
  assert.match(ofStep("verb: verify, data: d, accept: [ parse, overlap ]"), /“overlap” compares with tests, and this step names none/);
  assert.match(ofStep("verb: verify, data: d, accept: { overlap: pass }"), /“overlap” compares with tests/);
});

test("a condition that cannot be read is marked itself", () => {
  const line = ofStep('verb: export, to: o, data: { from: steps.pool, where: "accepted tokens>many label=keep" }');
  assert.match(line, /“tokens” cannot be “many”\. It is a number\./);
  const { problems } = readRecipe('steps:\n  x: { verb: export, to: o, data: { from: d, where: "accepted tokens>many" } }\n', "f");
  assert.deepEqual([problems[0]?.where?.column, problems[0]?.where?.endColumn], [63, 74]);
});

test("a circle is named in full, once", () => {
  const source = `steps:
  first: { verb: import, from: f, kind: problems }
  a: { verb: verify, data: [ steps.first, steps.c ] }
  b: { verb: verify, data: steps.a }
  c: { verb: verify, data: steps.b }
`;
  assert.match(only(source), /^f:\d:\d+: These steps use one another in a circle: steps\.a → steps\.c → steps\.b → steps\.a\. /);
  assert.match(only("steps: { a: { verb: verify, data: steps.a } }"), /Step “a” uses its own result/);
});

test("a host is one machine with one environment for each task", () => {
  assert.match(only("hosts: { here: { ssh: box } }"), /“here” is always this machine/);
  assert.match(only("hosts: { box: { shh: box } }"), /Host “box” has no setting “shh”\. Did you mean “ssh”\?/);
  assert.match(only("hosts: { box: { ssh: -oProxyCommand=x } }"), /“ssh” must be one word/);
  assert.match(only("hosts: { box: { env: { venv: a, conda: b } } }"), /names two environments at once: venv and conda/);
  assert.match(only("hosts: { box: { env: { train: { venv: a, uv: b } } } }"), /names two environments at once/);
  assert.match(only("hosts: { box: { slurm: { gpus: 0 } } }"), /“slurm\.gpus” must be a whole number above 0/);
  assert.match(only("hosts: { box: { setup: module load } }"), /“setup” must be a list\. Write setup: \[ module load cuda \]/);
});

test("a wrong step keeps nobody from asking a model", () => {
  const { problems, endpoints } = parseRecipe(`${ENDPOINTS}steps: { a: { verb: cook } }\nhosts: []\n`, "f");
  assert.deepEqual([problems, endpoints.size], [[], 3]);
});

test("while the YAML is broken, what stands before the break is still checked, and references are left alone", () => {
  const { problems } = readRecipe("hosts: { box: { shh: a } }\nsteps:\n  a: { verb: verify, data: steps.none }\n  b: { verb: imp", "f");
  assert.deepEqual(
    problems.map(({ message }) => /no setting “shh”/.test(message)),
    [...problems.slice(1).map(() => false), true],
  );
  assert.ok(!problems.some(({ message }) => /no step/.test(message)));
});

test("anchors, merges and names of JavaScript are only what they say", () => {
  const merged = "steps:\n  a: &a { verb: import, from: x }\n  b: { <<: *a, from: y, chnk: 500 }\n";
  assert.match(only(merged), /^f:3:25: .*Did you mean “chunk”\?/);
  const names =
    "steps:\n  constructor: { verb: import, from: x }\n  b: { verb: synthesize, seeds: steps.constructor, prompts: p, model: toString }\n";
  assert.deepEqual(readRecipe(names, "f").problems, []);
  assert.match(only("steps: { a: { verb: import, from: x, constructor: 1 } }"), /no setting “constructor”/);
  assert.match(only("steps: { a: { verb: constructor } }"), /a verb that does not exist/);
  assert.match(only("steps: { a: { verb: verify, data: steps.toString } }"), /There is no step “toString”/);
});

test("no text makes it throw, and every problem has a place in the file", () => {
  const cut = fc.record({
    from: fc.nat(STUDY.length),
    length: fc.nat(40),
    put: fc.constantFrom("", "steps.", "{", "}", "[", ": ", "\n", "'", "&a ", "*a", "x"),
  });
  const mutilated = fc
    .array(cut, { minLength: 1, maxLength: 4 })
    .map((cuts) => cuts.reduce((text, { from, length, put }) => text.slice(0, from) + put + text.slice(from + length), STUDY));
  fc.assert(
    fc.property(fc.oneof(mutilated, fc.json()), (source) => {
      const lines = source.split("\n");
      for (const { where, remedy, message } of readRecipe(source, "f").problems) {
        const { line = 0, column = 0, endLine = 0, endColumn = 0 } = where ?? {};
        assert.ok(line >= 1 && line <= lines.length && endLine >= line && endLine <= lines.length, message);
        assert.ok(column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1, `${message} at ${line}:${column}`);
        assert.ok(endColumn >= 1 && (endLine > line || endColumn >= column), message);
        assert.ok(message !== "" && (remedy ?? "") !== "", message);
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(readRecipe(`steps: ${"{ a: ".repeat(5_000)}`, "f").problems.length > 0);
});

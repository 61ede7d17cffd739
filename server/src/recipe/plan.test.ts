import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { fingerprint } from "./fingerprint.ts";
import { contentsOf, finishAll, hash, inState, nothingDone } from "./plan.fixture.ts";
import { type Facts, type Finished, type PlannedStep, plan, type Reason } from "./plan.ts";
import { readRecipe, type WholeRecipe } from "./read.ts";
import { reasonWords } from "./reason-words.ts";
import type { Step } from "./steps.ts";
import { STUDY } from "./study.fixture.ts";
import { VERBS } from "./verbs.ts";

function read(source: string): WholeRecipe {
  const recipe = readRecipe(source, "f");
  assert.deepEqual(recipe.problems, []);
  return recipe;
}

const study = read(STUDY);
const done = finishAll(study, nothingDone(contentsOf(study)));
const of = (planned: readonly PlannedStep[], name: string) => planned.find(({ step }) => step.name === name) as PlannedStep;

/** Fingerprints of every step of a study that has been made. */
function fingerprints(source: string): Record<string, string | null> {
  const recipe = read(source);
  return Object.fromEntries(
    plan(recipe, finishAll(recipe, nothingDone(contentsOf(recipe)))).map(({ step, fingerprint }) => [step.name, fingerprint]),
  );
}

test("a study of which nothing was made is made in order, each step after those that it uses", () => {
  const planned = plan(study, nothingDone(contentsOf(study)));
  assert.deepEqual(inState(planned, "never"), [...study.steps.keys()]);
  assert.deepEqual(of(planned, "seeds").reasons, []);
  assert.deepEqual(of(planned, "teach").reasons, [{ kind: "upstream", step: "seeds" }]);
  assert.equal(of(planned, "teach").fingerprint, null);
  assert.match(String(of(planned, "seeds").fingerprint), /^[0-9a-f]{64}$/);
});

test("a study that was made is fresh, and stays so", () => {
  assert.deepEqual(inState(plan(study, done), "fresh"), [...study.steps.keys()]);
  const written = JSON.parse(JSON.stringify([...done.finished])) as [string, never][];
  assert.deepEqual(inState(plan(study, { ...done, finished: new Map(written) }), "fresh"), [...study.steps.keys()]);
});

/** What an edit makes stale for a reason of its own, then everything behind it that may come out the same. */
function edited(source: string, change: (facts: Facts) => Facts = (facts) => facts): { own: string[]; behind: string[] } {
  const recipe = read(source);
  const contents = contentsOf(recipe);
  const stale = plan(recipe, change({ ...done, contents })).filter(({ state }) => state === "stale");
  const isOwn = ({ reasons }: PlannedStep) => reasons.some(({ kind }) => kind !== "upstream");
  return { own: stale.filter(isOwn).map(({ step }) => step.name), behind: stale.filter((one) => !isOwn(one)).map(({ step }) => step.name) };
}

const all = [...study.steps.keys()];
const behindWriter1 = ["pool", "value", "boost", "boosted", "writer", "corpus", "clean", "student", "report"];
const behindTeach = ["taught", "writer-1", ...behindWriter1];
const edit = (from: string | RegExp, to: string) => {
  const source = STUDY.replace(from, to);
  assert.notEqual(source, STUDY);
  return source;
};

test("each kind of edit makes exactly these steps stale", () => {
  const cases: [what: string, edit: string, own: string[], behind: string[]][] = [
    ["a price", edit("completion: 10", "completion: 12"), [], []],
    ["limits", edit("rpm: 500", "rpm: 50"), [], []],
    ["an address", edit("https://api.openai.com/v1", "http://proxy/v1"), [], []],
    ["the name of a key", edit("secret: openai", "secret: mine"), [], []],
    ["the name of an endpoint", STUDY.replaceAll("teacher", "expert"), [], []],
    ["a budget", edit("budget: 150", "budget: 200"), [], []],
    ["a host of a step", edit("where: accepted }, host: box", "where: accepted }, host: cluster"), [], []],
    ["what a host is", edit("ssh: gpu-box, root: /scratch/me/jz", "ssh: other"), [], []],
    ["frozen", edit("budget: 150", "budget: 150, frozen: true"), [], []],
    ["a default that is written out", edit("chunk: 1000", "chunk: 1000, kind: seeds"), [], []],
    [
      "a default of the worker that is written out",
      edit("preset: student,", "preset: student, max_grad_norm: 1, betas: [ 0.9, 0.999 ], schedule: {},"),
      [],
      [],
    ],
    [
      "the way a condition is written",
      edit("{ from: steps.taught, where: accepted }", '{ from: steps.taught, where: " accepted=true " }'),
      [],
      [],
    ],
    [
      "processes and the size of parts",
      edit("preset: student,", "preset: student, launch: { processes: 8 }, micro_batch_size: 4,"),
      [],
      [],
    ],
    [
      "when a training is saved, and how it spares memory",
      edit(
        "preset: student,",
        "preset: student, checkpoints: { every_steps: 9, every_seconds: 9, keep: 1 }, activation_checkpointing: false, evaluate_every: 7,",
      ),
      [],
      [],
    ],
    [
      "a list of one",
      edit(
        "prompts: prompts/**/*.prompty, assign: one, endpoint: teacher, budget",
        "prompts: [ prompts/**/*.prompty ], assign: one, endpoint: teacher, budget",
      ),
      [],
      [],
    ],
    [
      "a list of one group",
      edit("data: { from: steps.taught, where: accepted }", "data: [ { from: steps.taught, where: accepted } ]"),
      [],
      [],
    ],
    [
      "a group that says only from where",
      edit("base: mistralai/Mistral-7B-v0.1, data", "base: { from: mistralai/Mistral-7B-v0.1 }, data"),
      [],
      [],
    ],
    ["the same of rows", edit("data: steps.teach,", "data: [ { from: steps.teach } ],"), [], []],
    [
      "what the preset says",
      edit("preset: student,", "preset: student, method: full, epochs: 1, batch_size: 512, schedule: { kind: wsd, floor: 0.1 },"),
      [],
      [],
    ],
    ["what another preset says", edit("preset: student,", "preset: student, batch_size: 16,"), ["student"], ["report"]],
    ["what is kept of a training", edit("preset: student,", "preset: student, checkpoints: { optimizer: keep },"), ["student"], ["report"]],
    ["the size of seeds", edit("chunk: 1000", "chunk: 900"), ["seeds"], all.slice(1)],
    ["the size of a sample", edit("sample: 5300", "sample: 5301"), ["teach"], behindTeach],
    ["a drawing", edit("sample: 5300", "sample: 5300, seed: 1"), ["teach"], behindTeach],
    [
      "one template or all",
      edit("assign: one, endpoint: teacher, budget", "assign: all, endpoint: teacher, budget"),
      ["teach"],
      behindTeach,
    ],
    ["the teacher's model", edit("gpt-4o", "gpt-5"), ["teach", "boost"], [...behindTeach.filter((name) => name !== "boost")]],
    [
      "the model's revision",
      edit("model: gpt-4o,", "model: gpt-4o, revision: may,"),
      ["teach", "boost"],
      behindTeach.filter((name) => name !== "boost"),
    ],
    ["another endpoint", edit("endpoint: teacher, budget: 150", "endpoint: small"), ["teach"], behindTeach],
    ["a base model", edit("base: mistralai/Mistral-7B-v0.1, data", "base: mistralai/Mistral-7B-v0.3, data"), ["student"], ["report"]],
    ["a learning rate", edit("preset: student,", "preset: student, learning_rate: 0.00002,"), ["student"], ["report"]],
    ["a setting inside a group", edit("preset: student,", "preset: student, schedule: { warmup: 0.1 },"), ["student"], ["report"]],
    [
      "how many seeds are boosted",
      edit("top: 4000", "top: 3000"),
      ["boost"],
      ["boosted", "writer", "corpus", "clean", "student", "report"],
    ],
    [
      "a condition",
      edit("{ from: steps.clean, where: accepted }", "{ from: steps.clean, where: accepted tokens<900 }"),
      ["student"],
      ["report"],
    ],
    ["a target", edit(", math: data/train/math.jsonl", ""), ["value"], behindWriter1.slice(2)],
    [
      "the order of data",
      edit(
        "data: [ { from: steps.taught, where: accepted }, { from: steps.boosted, where: accepted } ]",
        "data: [ { from: steps.boosted, where: accepted }, { from: steps.taught, where: accepted } ]",
      ),
      ["writer"],
      ["corpus", "clean", "student", "report"],
    ],
    ["the name of a step", STUDY.replaceAll("writer-1", "early"), [], []],
    ["styles", edit("styles: [ cot, tool ]", "styles: [ cot ]"), ["report"], []],
    [
      "another step's rows",
      edit("{ from: steps.clean, where: accepted }", "{ from: steps.taught, where: accepted }"),
      ["student"],
      ["report"],
    ],
  ];
  for (const [what, source, own, behind] of cases) {
    // A step under another name has its result under that name, too.
    const renamed = what === "the name of a step" ? (facts: Facts) => rename(facts, "writer-1", "early") : undefined;
    assert.deepEqual(edited(source, renamed), { own, behind }, what);
  }
});

function rename(facts: Facts, from: string, to: string): Facts {
  return { ...facts, finished: new Map([...facts.finished].map(([name, result]) => [name === from ? to : name, result])) };
}

/** The facts with other files behind a pattern. */
const withFiles = (facts: Facts, pattern: string, change: (files: Record<string, string>) => Record<string, string>): Facts => ({
  ...facts,
  contents: {
    ...facts.contents,
    files: new Map([...facts.contents.files].map(([name, files]) => [name, name === pattern ? change(files) : files])),
  },
});

test("an edited, added or removed file is named, with the steps that read it", () => {
  const prompts = "prompts/**/*.prompty";
  const stale = (facts: Facts) => plan(study, facts).filter(({ reasons }) => reasons.some(({ kind }) => kind === "file"));
  const edited = stale(withFiles(done, prompts, (files) => ({ ...files, "prompts/aa/a.prompty": hash("new") })));
  assert.deepEqual(
    edited.map(({ step }) => step.name),
    ["teach", "pool", "boost", "corpus"],
  );
  assert.deepEqual(edited[0]?.reasons, [{ kind: "file", argument: "prompts", file: "prompts/aa/a.prompty", change: "changed" }]);
  const more = stale(withFiles(done, prompts, (files) => ({ ...files, "prompts/z.prompty": hash("z") })));
  assert.deepEqual(more[0]?.reasons, [{ kind: "file", argument: "prompts", file: "prompts/z.prompty", change: "added" }]);
  const less = stale(withFiles(done, "data/sft.jsonl", () => ({ "data/sft.jsonl": hash("other") })));
  assert.deepEqual(
    less.map(({ step, reasons }) => [step.name, reasons]),
    [["student", [{ kind: "file", argument: "data[1].from", file: "data/sft.jsonl", change: "changed" }]]],
  );
  const moved = withFiles(done, "data/sft.jsonl", () => ({ "data/renamed.jsonl": hash("data/sft.jsonl") }));
  assert.deepEqual(inState(plan(study, moved), "stale"), [], "the same content under another name");
});

test("where the name of a file decides something, a new name makes stale", () => {
  const renamed = (source: string, pattern: string, names: Record<string, string>) => {
    const recipe = read(source);
    const facts = finishAll(recipe, nothingDone(contentsOf(recipe)));
    const contents = withFiles(facts, pattern, (files) =>
      Object.fromEntries(Object.entries(files).map(([name, content]) => [names[name] ?? name, content])),
    );
    return plan(recipe, contents)
      .filter(({ reasons }) => reasons.some(({ kind }) => kind !== "upstream"))
      .map(({ step, reasons }) => [step.name, ...reasons.flatMap((reason) => (reason.kind === "file" ? [reason.change] : []))]);
  };
  // Which template a seed meets is drawn by the templates' paths.
  assert.deepEqual(renamed(STUDY, "prompts/**/*.prompty", { "prompts/aa/a.prompty": "prompts/aa/c.prompty" }), [
    ["teach", "removed", "added"],
    ["pool", "removed", "added"],
    ["boost", "removed", "added"],
    ["corpus", "removed", "added"],
  ]);
  assert.deepEqual(renamed(STUDY, "data/seeds/*.jsonl", { "data/seeds/a.jsonl": "data/seeds/a.txt" }), [["seeds", "removed", "added"]]);
  // Of the steps that read the tests, only the evaluation names something by them.
  const tests = { "data/tests/a.jsonl": "data/tests/aa.jsonl" };
  assert.deepEqual(renamed(STUDY, "data/tests/*.jsonl", tests), [["report", "removed", "added"]]);
  const named = edit(/tests: data\/tests\/\*\.jsonl, styles/, "tests: [ { path: one.jsonl, name: one }, { path: two.jsonl } ], styles");
  assert.deepEqual(renamed(named, "one.jsonl", { "one.jsonl": "else.jsonl" }), []);
  assert.deepEqual(renamed(named, "two.jsonl", { "two.jsonl": "twofold.jsonl" }), [["report", "removed", "added"]]);
});

test("a file that is not there blocks the step and what is behind it", () => {
  const planned = plan(
    study,
    withFiles(done, "data/sft.jsonl", () => ({})),
  );
  assert.deepEqual(inState(planned, "blocked"), ["student", "report"]);
  assert.deepEqual(of(planned, "student").reasons, [
    { kind: "missing", missing: { argument: "data[1].from", kind: "file", name: "data/sft.jsonl" } },
  ]);
  assert.deepEqual(of(planned, "report").reasons, [{ kind: "blocked", step: "student" }]);
});

test("a step that is wrong, or uses one that is, is blocked; the others are planned", () => {
  const planned = plan(readRecipe(STUDY.replace("preset: student", "preset: studnet"), "f"), done);
  assert.deepEqual(inState(planned, "blocked"), ["student", "report"]);
  assert.match(
    of(planned, "student")
      .reasons.map((reason) => (reason.kind === "problem" ? reason.problem.message : ""))
      .join(),
    /must be plain, synthesizer or student/,
  );
  const circle =
    "steps:\n  a: { verb: verify, data: steps.c }\n  b: { verb: verify, data: steps.a }\n  c: { verb: verify, data: steps.b }\n  d: { verb: verify, data: steps.c }\n  e: { verb: verify, data: steps.gone }\n";
  assert.deepEqual(inState(plan(readRecipe(circle, "f"), done), "blocked").sort(), ["a", "b", "c", "d", "e"]);
});

test("a new revision of an input makes stale, with the old one and the new; the same one changes nothing", () => {
  const recipe = read(edit("sample: 5300", "sample: 5301"));
  const result = done.finished.get("taught");
  const remade = finishAll(recipe, done, ({ step }) => (step.name === "taught" ? (result?.revision as string) : `new ${step.name}`));
  // What verification let through came out the same, so nothing behind it was made again.
  assert.deepEqual(
    [...remade.finished].filter(([name, { revision }]) => revision !== done.finished.get(name)?.revision).map(([name]) => name),
    ["teach"],
  );
  const finished = new Map(done.finished).set("taught", { ...(result as NonNullable<typeof result>), revision: "another" });
  assert.deepEqual(of(plan(study, { ...done, finished }), "writer-1").reasons, [
    { kind: "input", argument: "data.from", step: "taught", before: result?.revision ?? null, after: "another" },
  ] satisfies Reason[]);
});

test("a frozen step keeps its result, and what uses it stays fresh", () => {
  const recipe = read(edit("sample: 5300", "sample: 5301, frozen: true"));
  const planned = plan(recipe, done);
  assert.deepEqual(inState(planned, "stale"), ["teach"]);
  assert.equal(of(planned, "teach").frozen, true);
  assert.deepEqual(inState(plan(recipe, nothingDone(done.contents)), "never"), all);
});

test("a frozen step with a result blocks nothing, whatever of it is gone", () => {
  const recipe = read(edit("{ from: data/sft.jsonl } ], host", "{ from: data/sft.jsonl } ], frozen: true, host"));
  const gone = (facts: Facts) => withFiles(facts, "data/sft.jsonl", () => ({}));
  const planned = plan(recipe, gone(done));
  assert.deepEqual([of(planned, "student").state, of(planned, "report").state], ["blocked", "fresh"]);
  assert.equal(of(planned, "student").revision, done.finished.get("student")?.revision);
  // One that has no result yet blocks like any other.
  const finished = new Map([...done.finished].filter(([name]) => name !== "student"));
  assert.deepEqual(inState(plan(recipe, gone({ ...done, finished })), "blocked"), ["student", "report"]);
});

test("another step in a place is told as such, another revision of the same as that", () => {
  const recipe = read(edit("{ from: steps.clean, where: accepted }", "{ from: steps.taught, where: accepted }"));
  const used = done.finished.get("taught")?.revision as string;
  const { reasons } = of(plan(recipe, done), "student");
  assert.deepEqual(reasons, [{ kind: "input", argument: "data[0].from", step: "taught", before: null, after: used }]);
  assert.deepEqual(reasons.map(reasonWords), ["“data[0].from” is now steps.taught"]);
});

test("an embedded model that nobody has fetched yet is no error, and no fingerprint", () => {
  const recipe = read(edit("endpoint: teacher, budget: 150", "endpoint: small"));
  const contents = { ...contentsOf(recipe), models: new Map([["teacher", "m"]]) };
  const teach = of(plan(recipe, nothingDone(contents)), "teach");
  assert.deepEqual([teach.state, teach.fingerprint], ["never", null]);
  assert.deepEqual(teach.reasons[0], { kind: "missing", missing: { argument: "endpoint", kind: "model", name: "small" } });
});

test("another version of a verb makes its results stale", () => {
  const step = study.steps.get("seeds") as Step;
  const print = (version: number) => fingerprint(step, done.contents, new Map(), version);
  assert.notEqual(print(VERBS.import.version), print(VERBS.import.version + 1));
  const old = done.finished.get("seeds") as NonNullable<ReturnType<Facts["finished"]["get"]>>;
  const finished = new Map(done.finished).set("seeds", { ...old, fingerprint: print(0) as string, makeup: { ...old.makeup, version: 0 } });
  assert.deepEqual(of(plan(study, { ...done, finished }), "seeds").reasons, [{ kind: "version", before: 0, after: VERBS.import.version }]);
});

test("what is written with or without a group is told where it stands", () => {
  const reasons = (source: string, name: string, facts = done) => of(plan(read(source), facts), name).reasons;
  const other = "base: mistralai/Mistral-7B-v0.3, data";
  const base = { kind: "argument", before: "mistralai/Mistral-7B-v0.1", after: "mistralai/Mistral-7B-v0.3" };
  assert.deepEqual(reasons(edit("base: mistralai/Mistral-7B-v0.1, data", other), "student"), [{ ...base, argument: "base" }]);
  const finished = new Map(done.finished).set("clean", { ...(done.finished.get("clean") as Finished), revision: "another" });
  const input = { kind: "input", step: "clean", before: done.finished.get("clean")?.revision, after: "another" };
  for (const [data, argument] of [
    ["steps.clean", "data[0]"],
    ["{ from: steps.clean }", "data[0].from"],
  ] as const) {
    const source = edit("{ from: steps.clean, where: accepted }", data);
    assert.deepEqual(
      reasons(source, "student", { ...done, finished }).filter(({ kind }) => kind === "input"),
      [{ ...input, argument }],
    );
  }
  assert.deepEqual(reasons(edit("data: steps.corpus,", "data: { from: steps.corpus, limit: 5 },"), "clean"), [
    { kind: "argument", argument: "data.limit", before: null, after: 5 },
  ]);
});

test("one line for a shell is another command than a list of one word", () => {
  const prints = ["a b", "[ a b ]"].map((command) => fingerprints(`steps:\n  x: { verb: run, command: ${command} }\n`).x);
  assert.equal(new Set(prints).size, 2);
});

test("reasons are told in words, with what was before and what is now", () => {
  const words = (source: string, name: string, facts = done) => of(plan(readRecipe(source, "f"), facts), name).reasons.map(reasonWords);
  assert.deepEqual(words(edit("top: 4000", "top: 3000"), "boost"), ["“seeds.top” has changed (4000 → 3000)"]);
  assert.deepEqual(words(edit("sample: 5300, ", ""), "teach"), ["“sample” was removed (5300)"]);
  assert.deepEqual(words(edit("sample: 5300, ", ""), "taught"), [
    "steps.teach is to be made anew, and this with it unless that comes out the same",
  ]);
  assert.deepEqual(
    words(
      STUDY,
      "student",
      withFiles(done, "data/sft.jsonl", () => ({ "data/sft.jsonl": "other" })),
    ),
    ["data/sft.jsonl has changed (“data[1].from”)"],
  );
  assert.deepEqual(
    words(edit("styles: [ cot, tool ]", "styles: [ cto ]"), "report").map((text) => text.replace(/^.*?: /, "")),
    ["Step “report”: “styles[0]” must be cot or tool. Did you mean “cot”?"],
  );
});

/** The same values with the keys of every group in another order. */
const shuffled = (value: unknown, seeds: readonly number[], depth = 0): unknown => {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, seeds, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  const place = (key: string, k: number) => hash(`${seeds[(k + depth) % seeds.length]} ${key}`);
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item], k) => [key, shuffled(item, seeds, depth + 1), place(key, k)] as const)
      .sort(([, , a], [, , b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, item]),
  );
};

test("order of keys, comments, hosts, budgets and prices never change a fingerprint", () => {
  const before = fingerprints(STUDY);
  const free = fc.record({
    seeds: fc.array(fc.nat(), { minLength: 3, maxLength: 5 }),
    budget: fc.option(fc.integer({ min: 1, max: 1000 })),
    price: fc.double({ min: 0, max: 50, noNaN: true }),
    rpm: fc.integer({ min: 1, max: 9999 }),
    frozen: fc.subarray(all),
    hosts: fc.array(fc.constantFrom("here", "box", "cluster", undefined), { minLength: 13, maxLength: 13 }),
    comment: fc.stringMatching(/^[ -~]{0,20}$/),
  });
  fc.assert(
    fc.property(free, ({ seeds, budget, price, rpm, frozen, hosts, comment }) => {
      const value = parse(STUDY) as { endpoints: { teacher: Record<string, unknown> }; steps: Record<string, Record<string, unknown>> };
      value.endpoints.teacher.price = { prompt: price, completion: price };
      value.endpoints.teacher.limits = { rpm };
      for (const [k, [name, step]] of Object.entries(value.steps).entries()) {
        if (step.endpoint === undefined) step.host = hosts[k] ?? undefined;
        if (step.host === undefined) delete step.host;
        if (frozen.includes(name)) step.frozen = true;
        if (step.endpoint !== undefined && budget !== null) step.budget = budget;
        else delete step.budget;
      }
      const text = stringify(shuffled(value, seeds)).replace(/^( {4}verb: .*)$/gm, `$1 # ${comment.replaceAll("$", "")}`);
      assert.deepEqual(new Map(Object.entries(fingerprints(text)).sort()), new Map(Object.entries(before).sort()));
    }),
    { numRuns: 25 },
  );
});

/** Settings that each may be changed by themselves, with values that differ from one another. */
const SETTINGS: Record<string, Record<string, unknown[]>> = {
  seeds: { chunk: [100, 2000], license: ["MIT"], stage: ["grade"], kind: ["problems"], from: ["one.jsonl", ["one.jsonl", "two.jsonl"]] },
  teach: { sample: [1, 2], seed: [3], assign: ["all"], samples: [2], endpoint: ["small"], prompts: ["other.prompty"], engine: ["server"] },
  taught: { accept: [["parse"], { parse: "pass" }, { parse: ["pass", "unknown"] }], tests: ["other.jsonl"] },
  student: {
    epochs: [2],
    lora: [{ rank: 4 }],
    betas: [[0.8, 0.9]],
    form: ["solver"],
    schedule: [{ floor: 0.5 }],
    seed: [1],
    base: ["a/b", { from: "a/b", revision: "x" }],
  },
  report: { styles: [["tool"]], sampling: [{ samples: 3, temperature: 1 }], tests: [[{ path: "one.jsonl", limit: 3 }]] },
};

test("any changed argument changes the fingerprint of its step, and every value its own", () => {
  const edits = Object.entries(SETTINGS).flatMap(([name, settings]) =>
    Object.entries(settings).map(([key, values]) => ({ name, key, values })),
  );
  fc.assert(
    fc.property(fc.subarray(edits, { minLength: 1, maxLength: 5 }), (chosen) => {
      const base = parse(STUDY) as { steps: Record<string, Record<string, unknown>> };
      for (const { name, key, values } of chosen) {
        const prints = [undefined, ...values].map((value) => {
          const steps = structuredClone(base);
          if (value !== undefined) (steps.steps[name] as Record<string, unknown>)[key] = value;
          if (key === "endpoint" && value !== undefined) delete (steps.steps[name] as Record<string, unknown>).budget;
          const recipe = readRecipe(stringify(steps), "f");
          const contents = contentsOf(recipe);
          const revisions = new Map(all.map((other) => [other, `r ${other}`]));
          const print = fingerprint(recipe.steps.get(name) as Step, contents, revisions, 1);
          assert.match(String(print), /^[0-9a-f]{64}$/, `${name}.${key} = ${JSON.stringify(value)}`);
          return print;
        });
        assert.equal(new Set(prints).size, prints.length, `${name}.${key}`);
      }
    }),
    { numRuns: 15 },
  );
});

/** A recipe of verifications, of which each uses some of the earlier ones, in any order in the file. */
const graph = fc
  .array(fc.record({ uses: fc.array(fc.nat(), { maxLength: 3 }), place: fc.nat(), frozen: fc.boolean() }), { minLength: 1, maxLength: 9 })
  .map((nodes) => {
    const lines = nodes.map(({ uses, frozen }, k) => {
      const data = k === 0 ? ["d.jsonl"] : ["d.jsonl", ...uses.map((use) => `steps.n${use % k}`)];
      return `  n${k}: { verb: verify, data: [ ${data.join(", ")} ]${frozen ? ", frozen: true" : ""} }\n`;
    });
    return `steps:\n${lines
      .map((line, k) => [nodes[k]?.place ?? 0, line] as const)
      .sort(([a], [b]) => a - b)
      .map(([, line]) => line)
      .join("")}`;
  });

test("a plan is in order, a fresh one stays fresh, and accepting what is stale makes it fresh", () => {
  fc.assert(
    fc.property(graph, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (source, touched) => {
      const recipe = read(source);
      const facts = finishAll(recipe, nothingDone(contentsOf(recipe)));
      const fresh = plan(recipe, facts);
      for (const [k, { inputs }] of fresh.entries())
        for (const input of inputs) assert.ok(fresh.findIndex(({ step }) => step.name === input) < k);
      assert.equal(inState(fresh, "fresh").length, recipe.steps.size);
      assert.deepEqual(plan(recipe, facts), fresh);

      // Some are given another way of accepting rows.
      const lines = source.split("\n");
      for (const touch of touched) {
        const k = 1 + (touch % (lines.length - 2));
        lines[k] = (lines[k] as string).replace(/( \}$)/, lines[k]?.includes("accept") ? "$1" : ", accept: [ parse ]$1");
      }
      const changed = read(lines.join("\n"));
      const stale = plan(changed, facts);
      for (const { state, reasons, frozen, step } of stale) {
        assert.equal(state === "stale", reasons.length > 0, step.name);
        // Nothing is said to come later from a step that stays as it is.
        for (const reason of reasons)
          if (reason.kind === "upstream") assert.ok(!(of(stale, reason.step).frozen || of(stale, reason.step).state === "fresh"));
        assert.equal(frozen, step.frozen);
      }
      const accepted = new Map(stale.map(({ step, fingerprint }) => [step.name, new Set([fingerprint as string])]));
      assert.deepEqual(inState(plan(changed, { ...facts, accepted }), "stale"), []);
      const [first] = stale.filter(({ state }) => state === "stale");
      if (first !== undefined) {
        const one = plan(changed, { ...facts, accepted: new Map([[first.step.name, accepted.get(first.step.name) as Set<string>]]) });
        assert.deepEqual([of(one, first.step.name).state, of(one, first.step.name).accepted], ["fresh", true]);
        assert.equal(of(one, first.step.name).revision, first.revision);
      }
      assert.deepEqual(
        inState(plan(changed, finishAll(changed, facts)), "stale").filter((name) => !changed.steps.get(name)?.frozen),
        [],
      );
    }),
    { numRuns: 60 },
  );
});

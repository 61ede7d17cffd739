import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "#protocol/errors.ts";
import { override } from "./override.ts";
import { readRecipe } from "./read.ts";
import { STUDY } from "./study.fixture.ts";

const study = readRecipe(STUDY, "f");

/** The setting of a step after the given overrides, which must be in order. */
function set(step: string, setting: string, ...texts: string[]): unknown {
  const { recipe, problems } = override(study, texts);
  assert.deepEqual(problems.map(formatProblem), []);
  return recipe.steps.get(step)?.settings[setting];
}

const wrong = (text: string): string => {
  const { problems } = override(study, [text]);
  assert.equal(problems.length, 1, problems.map(formatProblem).join("\n"));
  assert.equal(problems[0]?.code, "usage/invalid-argument");
  return formatProblem(problems[0] as (typeof problems)[0]);
};

test("a value becomes what the setting takes", () => {
  assert.equal(set("teach", "sample", "teach.sample=100"), 100);
  assert.equal(set("teach", "frozen", "teach.frozen=true"), true);
  assert.equal(set("student", "learning_rate", "student.learning_rate=1e-4"), 1e-4);
  assert.equal(set("student", "base", "student.base=4"), "4");
  assert.equal(set("seeds", "from", "seeds.from=*.jsonl"), "*.jsonl");
  assert.deepEqual(set("teach", "prompts", "teach.prompts=[a.prompty, b.prompty]"), ["a.prompty", "b.prompty"]);
  assert.deepEqual(set("teach", "prompts", "teach.prompts=[*.prompty, nl/*.prompty]"), ["*.prompty", "nl/*.prompty"]);
  assert.deepEqual(set("report", "styles", "report.styles=[cot]"), ["cot"]);
  assert.equal(set("writer-1", "data", "writer-1.data=steps.teach"), "steps.teach");
  assert.deepEqual(set("student", "schedule", "student.schedule.kind=linear", "student.schedule.warmup=0.1"), {
    kind: "linear",
    warmup: 0.1,
  });
  assert.deepEqual(set("student", "data", "student.data[1].limit=7"), [
    { from: "steps.clean", where: "accepted" },
    { from: "data/sft.jsonl", limit: 7 },
  ]);
  assert.deepEqual(set("value", "targets", "value.targets.math="), { gsm8k: "data/train/gsm8k.jsonl" });
  assert.equal(set("teach", "sample", "teach.sample="), undefined);
  assert.equal(set("teach", "sample", "teach.sample=1", "teach.sample = 2"), 2);
});

test("the recipe that was given stays what it was, and references and hosts follow", () => {
  const before = structuredClone([...study.steps]);
  const { recipe } = override(study, ["writer-1.data=steps.teach", "writer-1.host=here"]);
  assert.deepEqual([...study.steps], before);
  assert.deepEqual(recipe.steps.get("writer-1")?.references, [{ path: ["data"], name: "teach", kinds: ["rows"] }]);
  assert.equal(recipe.steps.get("writer-1")?.host, "here");
});

test("what cannot be set says why and what to write", () => {
  assert.match(
    wrong("teach.sample=many"),
    /--set teach\.sample=many: Step “teach”: “sample” must be a whole number above 0\. Write sample: 5300/,
  );
  assert.match(wrong("teach.smaple=5"), /has no setting “smaple”\. Did you mean “sample”\?/);
  assert.match(wrong("taech.sample=5"), /There is no step “taech”\. Did you mean “teach”\?/);
  assert.match(wrong("teach=5"), /names no setting of step “teach”\. Write --set step\.setting=value/);
  assert.match(wrong("teach.sample"), /There is no “=” in it/);
  assert.match(wrong("teach.verb=train"), /The verb of a step stays as it is/);
  assert.match(wrong("teach.=5"), /cannot be read/);
  assert.match(wrong("teach.a b=5"), /cannot be read/);
  assert.match(wrong("taught.data=steps.seeds"), /steps\.seeds gives seeds, and “data” wants rows/);
  assert.match(wrong("teach.endpoint=nobody"), /There is no endpoint “nobody”/);
  assert.match(wrong("taught.data=steps.boosted"), /in a circle/);
});

test("a setting that mends the recipe takes the finding away", () => {
  const broken = readRecipe(STUDY.replace("sample: 5300", "sample: many"), "f");
  assert.deepEqual([...broken.broken.keys()], ["teach"]);
  const mended = override(broken, ["teach.sample=5"]);
  assert.deepEqual([mended.problems, mended.recipe.broken.size], [[], 0]);
  const still = override(broken, ["student.epochs=2"]);
  assert.deepEqual([still.problems, [...still.recipe.broken.keys()]], [[], ["teach"]]);
  const worse = override(study, ["student.epochs=none"]);
  assert.deepEqual([...worse.recipe.broken.keys()], ["student"]);
});

test("a setting that does not fit the steps behind it is blamed at each of them", () => {
  const { recipe, problems } = override(study, ["seeds.kind=problems"]);
  assert.deepEqual([...recipe.broken.keys()], ["teach", "pool", "corpus"]);
  for (const problem of problems)
    assert.match(formatProblem(problem), /--set seeds\.kind=problems: steps\.seeds gives rows, and “seeds” wants seeds/);
});

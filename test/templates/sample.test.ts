import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { STAGES } from "#protocol/template.ts";
import { parseRecipe } from "../../server/src/recipe/parse.ts";
import { copiedShare } from "../../server/src/verify/copy.ts";

const read = (path: string): string => readFileSync(new URL(`../../media/sample/${path}`, import.meta.url), "utf8");

interface Seed {
  id: string;
  text: string;
  stage: string;
  field: string;
  source: string;
  license: string;
}
const lines = read("data/seeds.jsonl").split("\n");
const seeds = lines.slice(0, -1).map((line): Seed => JSON.parse(line));

test("the sample has some fifty seeds, one object a line, every line ended", () => {
  assert.equal(lines.at(-1), "");
  assert.ok(seeds.length >= 50 && seeds.length <= 54, String(seeds.length));
  for (const seed of seeds) {
    assert.deepEqual(Object.keys(seed), ["id", "text", "stage", "field", "source", "license"]);
    assert.match(seed.id, /^[a-z]+(?:-[a-z]+)*-\d\d$/);
    assert.deepEqual([seed.source, seed.license], ["jiuzhang-sample", "Apache-2.0"], seed.id);
    assert.ok((STAGES as readonly string[]).includes(seed.stage), seed.id);
  }
});

test("ids are unique, and no passage repeats another", () => {
  assert.equal(new Set(seeds.map(({ id }) => id)).size, seeds.length);
  for (const a of seeds)
    for (const b of seeds) if (a !== b) assert.ok((copiedShare(a.text, b.text) ?? 0) < 0.05, `${a.id} repeats ${b.id}`);
});

test("the seeds go across the stages and over the fields", () => {
  for (const stage of STAGES)
    assert.ok(
      seeds.some((seed) => seed.stage === stage),
      stage,
    );
  for (const stage of ["grade", "middle", "high", "college"]) assert.ok(seeds.filter((seed) => seed.stage === stage).length >= 10, stage);
  assert.ok(new Set(seeds.map(({ field }) => field)).size >= 25);
});

test("every passage is of the length of a seed and its LaTeX is closed", () => {
  for (const { id, text } of seeds) {
    assert.ok(text.length >= 300 && text.length <= 1000, `${id}: ${text.length} characters`);
    assert.equal(text, text.trim(), id);
    for (const paragraph of text.split("\n\n")) {
      const parts = paragraph.split(/(?<!\\)\$/);
      assert.equal(parts.length % 2, 1, `${id}: a $ is not closed`);
      for (const formula of parts.filter((_, k) => k % 2 === 1)) {
        assert.notEqual(formula.trim(), "", id);
        assert.equal(braceDepth(formula), 0, `${id}: ${formula}`);
        assert.equal(formula.split("\\left").length, formula.split("\\right").length, `${id}: ${formula}`);
      }
    }
    assert.ok(text.includes("$"), `${id} has no formula`);
    assert.doesNotMatch(text, /\t|\r| {2}|TODO|[Ll]orem|\.\.\./, id);
  }
});

test("the sample's recipe is valid, before and after its example is uncommented", () => {
  const source = read("jiuzhang.yaml");
  const { endpoints, problems } = parseRecipe(source, "jiuzhang.yaml");
  assert.deepEqual(problems, []);
  assert.deepEqual([...endpoints.keys()], ["small"]);
  assert.equal(endpoints.get("small")?.embedded, true);

  const at = source.indexOf("  # teacher:");
  assert.ok(at > 0);
  const own = parseRecipe(source.slice(0, at) + source.slice(at).replace(/^ {2}# /gm, "  "), "jiuzhang.yaml");
  assert.deepEqual(own.problems, []);
  assert.deepEqual(own.endpoints.get("teacher")?.api_key, { secret: "openai" });
  assert.deepEqual(own.endpoints.get("teacher")?.price, { prompt: 2.5, completion: 10 });
});

/** Depth of the braces at the end of a formula, or -1 where one closes that was not opened; `\{` does not count. */
function braceDepth(formula: string): number {
  let depth = 0;
  for (const [brace] of formula.replace(/\\[\\{}]/g, "").matchAll(/[{}]/g)) {
    depth += brace === "{" ? 1 : -1;
    if (depth < 0) return -1;
  }
  return depth;
}

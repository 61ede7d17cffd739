import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/root.ts";
import { render } from "../server/src/prompty/render.ts";
import { parseTemplate } from "../server/src/prompty/template.ts";
import { toRequest } from "../server/src/prompty/wire.ts";
import type { Measurement } from "./measurement.ts";

const ROUNDS = 2_000;

/** Rendering the largest shipped template to its wire body, against parsing it: both in turns, in one run. */
export async function run(): Promise<Measurement[]> {
  const sources = globSync("prompts/**/*.prompty", { cwd: root }).map((file) => readFileSync(join(root, file), "utf8"));
  const source = sources.sort((a, b) => b.length - a.length)[0];
  if (source === undefined) throw new Error("there are no templates in prompts/");
  const template = parseTemplate(source);
  const inputs = { text: "Let $f(x) = x^2 - 4x + 3$. ".repeat(40) };
  let parse = 0;
  let rendering = 0;
  for (let round = -200; round < ROUNDS; round++) {
    const began = performance.now();
    parseTemplate(source);
    const between = performance.now();
    toRequest(template, render(template, inputs), { model: "m" });
    const ended = performance.now();
    // The first rounds only warm the compiler up.
    if (round < 0) continue;
    parse += between - began;
    rendering += ended - between;
  }
  const [ours, baseline] = [(rendering / ROUNDS) * 1000, (parse / ROUNDS) * 1000];
  return [
    {
      name: "render the largest template to its wire body",
      ours,
      baseline,
      ratio: ours / baseline,
      unit: "µs",
      note: `against parsing it (${source.length} characters); smaller is better`,
    },
  ];
}

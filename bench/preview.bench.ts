import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../scripts/root.ts";
import { render } from "../server/src/prompty/render.ts";
import { parseTemplate } from "../server/src/prompty/template.ts";
import { toRequest } from "../server/src/prompty/wire.ts";
import { folder, type ServerProcess, startServer } from "../test/protocol/harness.ts";
import type { Measurement } from "./measurement.ts";
import { writeRows } from "./rows.ts";

/** Keystrokes into the shipped templates together. */
const KEYSTROKES = 1_600;

/** Rows that are taken in while somebody types. */
const INGESTED = 300_000;

/**
 * From a keystroke to its preview in the built server, as the editor drives it: an edit and the request after it, to the answer; alone
 * and while rows are ingested. The baseline is parsing and rendering the same text in this process, without a server.
 */
export async function run(): Promise<Measurement[]> {
  const cleanups: (() => unknown)[] = [];
  const t = { after: (work: () => unknown) => void cleanups.push(work) };
  try {
    const made = folder(t, { "jiuzhang.yaml": "", "seeds.jsonl": readFileSync(join(root, "media", "sample", "data", "seeds.jsonl")) });
    await writeRows(join(made.path, "rows.jsonl"), INGESTED);
    const server = await startServer(t);
    const importFile = (name: string) =>
      server.request("corpus/import", {
        project: made.project,
        file: pathToFileURL(join(made.path, name)).href,
        dataset: null,
        progress: name,
      });
    await importFile("seeds.jsonl");
    const alone = await type(server, made, () => true);
    let busy = true;
    const importing = importFile("rows.jsonl").finally(() => {
      busy = false;
    });
    await server.seen("progress", ({ token, progress }) => token === "rows.jsonl" && progress.done > 0);
    const meanwhile = await type(server, made, () => busy);
    await importing;
    await server.stop();
    return [...compare("", alone), ...compare(" while rows are ingested", meanwhile)];
  } finally {
    for (const work of cleanups.reverse()) await work();
  }
}

interface Times {
  server: number[];
  alone: number[];
}

/** Types into every shipped template at random places; each text is rendered by the server and by this process. */
async function type(server: ServerProcess, { project, uri }: ReturnType<typeof folder>, go: () => boolean): Promise<Times> {
  const seed = await server.request("seeds/pick", { project, dataset: null, pick: { how: "longest" } });
  if (seed === null) throw new Error("there are no seeds");
  const times: Times = { server: [], alone: [] };
  const files = globSync("prompts/**/*.prompty", { cwd: root });
  for (const file of files) {
    let text = readFileSync(join(root, file), "utf8");
    const document = uri(`${file}-${times.server.length}.prompty`);
    server.open(document, text);
    const subject = { project, uri: document, seed: { dataset: seed.dataset, id: seed.id }, endpoint: null };
    await server.request("preview/render", { ...subject, settle: true });
    const body = text.lastIndexOf("---\n") + 4;
    for (let stroke = 0; stroke < KEYSTROKES / files.length && go(); stroke++) {
      const at = body + Math.floor(Math.random() * (text.length - body));
      const before = text.slice(0, at).split("\n");
      const place = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
      text = `${text.slice(0, at)}x${text.slice(at)}`;
      const began = performance.now();
      server.edit(document, { start: place, end: place }, "x");
      const preview = await server.request("preview/render", subject);
      times.server.push(performance.now() - began);
      if (preview.version !== server.version(document)) throw new Error("the preview is of an older text");
      times.alone.push(renderHere(text));
    }
    server.closeDocument(document);
  }
  return times;
}

const SEED = { text: "Let $f(x) = x^2 - 4x + 3$. ".repeat(40) };

function renderHere(text: string): number {
  const began = performance.now();
  const template = parseTemplate(text);
  toRequest(template, render(template, SEED), { model: "m" });
  return performance.now() - began;
}

/** The value below which this share of the times lies. */
const quantile = (times: number[], share: number): number =>
  times.sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] as number;

function compare(when: string, { server, alone }: Times): Measurement[] {
  return ([0.5, 0.99] as const).map((share) => {
    const [ours, baseline] = [quantile(server, share), quantile(alone, share)];
    return {
      name: `keystroke to preview in the server${when}, ${share === 0.5 ? "median" : "p99"}`,
      ours,
      baseline,
      ratio: ours / baseline,
      unit: "ms",
      note: `${server.length.toLocaleString("en-GB")} keystrokes into the shipped templates, edit to answer; against parsing and rendering alone; goal ≤ 16 ms; smaller is better`,
    };
  });
}

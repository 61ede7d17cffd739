import assert from "node:assert/strict";
import { test } from "node:test";
import type { PickedSeed, Preview } from "#protocol/messages/preview.ts";
import type { PreviewState } from "#protocol/panels.ts";
import { ProblemError } from "../server/server.ts";
import { createPreviewModel, type PreviewPorts } from "./model.ts";

const A = "file:///p/a.prompty";
const B = "file:///p/b.prompty";
const ID = (number: number) => String(number).padStart(24, "0");
const seedOf = (number: number): PickedSeed => ({
  dataset: "seeds",
  id: ID(number),
  at: number,
  total: 9,
  title: `seed ${number}`,
  characters: 1,
});

interface Asked {
  name: string;
  params: Record<string, unknown>;
  answer(result: unknown): Promise<void>;
  refuse(code: string): Promise<void>;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A model whose server answers when the test says so; lists are empty unless it says otherwise. */
function stage({ held = ["preview/render", "seeds/pick"] }: { held?: string[] } = {}) {
  const asked: Asked[] = [];
  const shown: Preview[] = [];
  const states: PreviewState[] = [];
  const versions = new Map([[A, 1]]);
  const panel = { visible: true };
  const given: Record<string, unknown> = {
    "corpus/datasets": { datasets: [{ name: "seeds", kind: "seed", rows: 9 }], problem: null },
    "endpoints/list": { endpoints: [], file: "", problems: [] },
    "seeds/pick": seedOf(1),
  };
  const request = (name: string, params: unknown, signal?: AbortSignal) =>
    held.includes(name)
      ? new Promise((resolve, reject) => {
          signal?.addEventListener("abort", () => reject(new ProblemError({ code: "cancelled", message: "Cancelled" })));
          asked.push({
            name,
            params: params as Record<string, unknown>,
            answer: (result) => {
              resolve(result);
              return turn();
            },
            refuse: (code) => {
              reject(new ProblemError({ code: code as "internal", message: code }));
              return turn();
            },
          });
        })
      : Promise.resolve(given[name]);
  const ports: PreviewPorts = {
    server: { state: { name: "ready" }, request } as unknown as PreviewPorts["server"],
    version: (uri) => versions.get(uri) ?? null,
    project: () => "file:///p",
    trusted: () => true,
    endpoint: () => null,
    name: (uri) => uri.slice(-8),
    visible: () => panel.visible,
    show: (preview) => shown.push(preview),
    tell: (state) => states.push(state),
    pause: () => turn(),
  };
  const model = createPreviewModel(ports, { uri: null, seed: null, endpoint: null, pinned: false });
  const open = (name: string) => asked.filter((one) => one.name === name);
  const last = (name: string) => open(name).at(-1) as Asked;
  return { model, panel, asked: open, last, shown, states, versions, state: () => states.at(-1) as PreviewState };
}

const preview = (uri: string, version: number, more: { settled?: boolean; from?: "seed" | "sample" | "none" } = {}): Preview => {
  const { settled = true, from = "none" } = more;
  const values = from === "seed" ? { from, seed: { dataset: "seeds", id: ID(1) } } : { from };
  return { uri, version, path: "a", problems: [], milliseconds: 1, rendering: { values, tokens: { settled } } } as unknown as Preview;
};

test("the first picture comes with the first seed, and each change costs one request at a time", async () => {
  const { model, asked, last, shown } = stage();
  model.template(A);
  await last("seeds/pick").answer(seedOf(1));
  await turn();
  assert.deepEqual(last("preview/render").params.seed, { dataset: "seeds", id: ID(1) });
  for (let change = 0; change < 5; change++) model.changed();
  assert.equal(asked("preview/render").length, 1);
  await last("preview/render").answer(preview(A, 1));
  assert.equal(shown.length, 1);
  assert.equal(asked("preview/render").length, 2);
});

test("a panel that nobody sees is not rendered at each change, but once when it is seen again", async () => {
  const { model, panel, asked, last } = stage({ held: ["preview/render"] });
  model.template(A);
  await turn();
  await turn();
  await last("preview/render").answer(preview(A, 1));
  panel.visible = false;
  for (let change = 0; change < 5; change++) model.changed();
  model.reload();
  await turn();
  assert.equal(asked("preview/render").length, 1);
  panel.visible = true;
  model.shown();
  await turn();
  assert.equal(asked("preview/render").length, 2);
  await last("preview/render").answer({ ...preview(A, 1), rendering: null });
  model.shown();
  await turn();
  assert.equal(asked("preview/render").length, 2, "nothing was missed");
  panel.visible = false;
  model.changed();
  await turn();
  assert.equal(asked("preview/render").length, 3, "that a broken template is mended is heard");
});

test("a seed that does not come does not keep the picture waiting", async () => {
  const { model, asked } = stage();
  model.template(A);
  await turn();
  await turn();
  assert.equal(asked("preview/render").length, 1);
});

test("the answer for a template that is no longer shown is dropped", async () => {
  const { model, asked, shown, versions } = stage({ held: ["preview/render"] });
  model.template(A);
  await turn();
  await turn();
  versions.set(B, 1);
  model.template(B);
  const [first] = asked("preview/render");
  await first?.answer(preview(A, 1));
  await turn();
  assert.deepEqual(shown, []);
  assert.equal(asked("preview/render").at(-1)?.params.uri, B);
});

test("an answer for an older text is asked for again before it is shown", async () => {
  const { model, asked, last, shown, versions } = stage({ held: ["preview/render"] });
  versions.set(A, 3);
  model.template(A);
  await turn();
  await turn();
  await last("preview/render").answer(preview(A, 2));
  await turn();
  assert.deepEqual(shown, []);
  assert.equal(asked("preview/render").length, 2);
  await last("preview/render").answer(preview(A, 3));
  assert.equal(shown.length, 1);
});

test("what is left open is settled, and given up when something is typed", async () => {
  const { model, last, shown } = stage({ held: ["preview/render"] });
  model.template(A);
  await turn();
  await turn();
  await last("preview/render").answer(preview(A, 1, { settled: false }));
  const settling = last("preview/render");
  assert.equal(settling.params.settle, true);
  model.changed();
  await turn();
  await settling.answer(preview(A, 1));
  assert.equal(shown.length, 1, "what was given up is not shown");
  await last("preview/render").answer(preview(A, 1, { settled: false }));
  await last("preview/render").answer(preview(A, 1));
  assert.equal(shown.length, 3);
});

test("two steps asked at once are two steps", async () => {
  const { model, last, asked, state } = stage({ held: ["seeds/pick"] });
  model.template(A);
  await last("seeds/pick").answer(seedOf(1));
  const step = { pick: { how: "next" as const, from: ID(1) } };
  const both = Promise.all([model.choose(step), model.choose(step)]);
  await turn();
  await last("seeds/pick").answer(seedOf(2));
  assert.deepEqual(last("seeds/pick").params.pick, { how: "next", from: ID(2) });
  await last("seeds/pick").answer(seedOf(3));
  await both;
  assert.equal(state().seed?.at, 3);
  assert.equal(asked("seeds/pick").length, 3);
});

test("a choice that fails is the chooser's to hear, and the next one works", async () => {
  const { model, last, state } = stage({ held: ["seeds/pick"] });
  model.template(A);
  await last("seeds/pick").answer(seedOf(1));
  const failing = assert.rejects(model.choose({ pick: { how: "random" } }), /index\/locked/);
  await turn();
  await last("seeds/pick").refuse("index/locked");
  await failing;
  await model.choose({ pinned: true });
  assert.equal(state().pinned, true);
});

test("a template that cannot be read is said, and no more when it can", async () => {
  const { model, last, state, shown } = stage({ held: ["preview/render"] });
  model.template(A);
  await turn();
  await turn();
  await last("preview/render").refuse("template/unreadable");
  assert.equal(state().notice?.code, "template/unreadable");
  model.changed();
  await turn();
  await last("preview/render").answer(preview(A, 1));
  assert.equal(state().notice, null);
  assert.equal(shown.length, 1);
});

test("that the server has gone is told by its state, not by each request", async () => {
  const { model, last, state } = stage({ held: ["preview/render"] });
  model.template(A);
  await turn();
  await turn();
  await last("preview/render").refuse("server/crashed");
  assert.equal(state().notice, null);
});

test("a generation asks with what is shown: the seed, nothing, or not at all", async () => {
  const { model, last } = stage({ held: ["preview/render"] });
  assert.throws(() => model.request(), /nothing to generate/);
  model.template(A);
  await turn();
  await turn();
  await last("preview/render").answer(preview(A, 1, { from: "seed" }));
  assert.deepEqual(model.request().seeds, { from: "row", dataset: "seeds", id: ID(1) });
  model.changed();
  await turn();
  await last("preview/render").answer(preview(A, 1, { from: "none" }));
  assert.deepEqual(model.request().seeds, { from: "none" });
  model.changed();
  await turn();
  await last("preview/render").answer(preview(A, 1, { from: "sample" }));
  assert.throws(() => model.request(), /no seed/);
});

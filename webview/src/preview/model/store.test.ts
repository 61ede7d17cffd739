import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "#protocol/corpus.ts";
import type { PickedSeed, Preview } from "#protocol/messages/preview.ts";
import type { PanelEvents, PreviewState } from "#protocol/panels.ts";
import { type Bridge, ProblemError } from "../../shared/bridge.ts";
import type { Kept } from "./kept.ts";
import { createStore } from "./store.ts";

const A = "file:///p/a.prompty";
const B = "file:///p/b.prompty";
const good = (uri: string, version = 1): Preview =>
  ({ uri, version, path: "a", problems: [], milliseconds: 1, rendering: {} }) as unknown as Preview;
const broken = (uri: string): Preview => ({
  ...good(uri),
  rendering: null,
  problems: [{ code: "template/invalid", message: "x", severity: "error", span: null }],
});
const seed: PickedSeed = { dataset: "seeds", id: "a".repeat(24), at: 1, total: 2, title: "t", characters: 1 };
const host = (uri: string | null, more: Partial<PreviewState> = {}): PreviewState => ({
  uri,
  name: uri,
  pinned: false,
  seed,
  datasets: [],
  endpoints: [],
  endpoint: null,
  notice: null,
  blocked: null,
  lead: null,
  ...more,
});

/** A store whose host answers when the test says so. */
function stage(kept?: Kept) {
  const listeners = new Map<string, (data: never) => void>();
  const asked: {
    method: string;
    params: unknown;
    signal: AbortSignal | undefined;
    answer(result: unknown): Promise<void>;
    refuse(): Promise<void>;
  }[] = [];
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  let state: Kept | undefined = kept;
  const timers: (() => void)[] = [];
  const bridge = {
    request: (method: string, params: unknown, signal?: AbortSignal) =>
      new Promise((resolve, reject) =>
        asked.push({
          method,
          params,
          signal,
          answer: (result) => {
            resolve(result);
            return turn();
          },
          refuse: () => {
            reject(new ProblemError({ code: "index/locked", message: "locked" }));
            return turn();
          },
        }),
      ),
    on: (event: string, listener: (data: never) => void) => void listeners.set(event, listener),
    ready() {},
    state: () => state,
    keep: (next: Kept) => {
      state = next;
    },
  } as unknown as Bridge<Kept>;
  const store = createStore({ bridge, now: () => 7, newRun: () => "run", after: (_, work) => void timers.push(work), onChange() {} });
  const tell = <K extends keyof PanelEvents>(event: K, data: PanelEvents[K]) => listeners.get(event)?.(data as never);
  const last = () => asked.at(-1) as (typeof asked)[number];
  return { store, tell, asked, last, timers, kept: () => state };
}

test("a broken template keeps the last good rendering of the same template, and none of another", () => {
  const { store, tell } = stage();
  tell("preview/state", host(A));
  tell("preview/show", good(A));
  tell("preview/show", broken(A));
  assert.equal(store.state.good?.uri, A);
  assert.equal(store.state.goodAt, 7);
  tell("preview/state", host(B));
  assert.equal(store.state.good, null);
  tell("preview/show", broken(B));
  assert.equal(store.state.good, null);
});

test("what the host needs after a reload is kept, with what the panel itself remembers", () => {
  const { store, tell, kept } = stage();
  tell("preview/state", host(A, { pinned: true, endpoint: "teacher" }));
  store.setTab("wire");
  store.setCount(3);
  store.scrolled("wire", 40);
  assert.deepEqual(kept(), {
    host: { uri: A, seed: { dataset: "seeds", id: seed.id }, endpoint: "teacher", pinned: true },
    view: { tab: "wire", count: 3, scroll: { wire: 40 }, runs: [] },
  });
  const again = stage(kept());
  assert.deepEqual([again.store.state.tab, again.store.state.count, again.store.placeOf("wire")], ["wire", 3, 40]);
  again.store.setTab("messages");
  assert.equal(again.kept()?.host?.uri, A, "the host's part stays until the host has spoken");
});

test("nothing is generated while something blocks it or the template is broken, and the reason is told", () => {
  const { store, tell, asked } = stage();
  tell("preview/state", host(A));
  tell("preview/show", broken(A));
  const told = () => (store.state.told as { problem: { code: string } } | null)?.problem.code;
  store.generate();
  assert.equal(told(), "template/invalid");
  tell("preview/show", good(A));
  assert.equal(store.state.told, null, "a reason that is gone is not told any more");
  tell("preview/state", host(A, { blocked: { code: "project/untrusted", message: "x" } }));
  store.generate();
  assert.equal(told(), "project/untrusted");
  assert.deepEqual(asked, []);
  tell("preview/state", host(A));
  store.setCount(1_000);
  store.generate();
  assert.deepEqual(
    asked.map(({ method, params }) => [method, params]),
    [["preview/generate", { run: "run", count: 100 }]],
  );
});

test("a step to another seed is refused in words where there is none", () => {
  const { store, tell, asked } = stage();
  tell("preview/state", host(A, { seed: null }));
  store.pick("next");
  assert.deepEqual([(store.state.told as { problem: { code: string } }).problem.code, asked], ["import/empty", []]);
});

test("a search gives up the one before, and its answer is dropped", async () => {
  const { store, tell, asked, last } = stage();
  tell("preview/state", host(A));
  store.openPicker(true);
  store.search("one");
  const [, first] = asked;
  store.search("two");
  assert.equal(first?.signal?.aborted, true);
  await first?.answer({ seeds: [seed], more: false });
  assert.equal(store.state.picker?.seeds, null);
  await last().answer({ seeds: [seed, { ...seed, id: "b".repeat(24) }], more: true });
  store.walkPicker(1);
  store.walkPicker(1);
  store.walkPicker(1);
  assert.equal(store.state.picker?.active, 1);
  store.takePicked();
  assert.equal(store.state.picker, null);
  assert.deepEqual(last().params, { dataset: "seeds", pick: { how: "id", id: "b".repeat(24) } });
});

test("a label shows at once, can be taken back, and what was said of it goes by itself", async () => {
  const { store, tell, last, timers } = stage();
  const row = { id: "r", label: null } as Row;
  const begun = { run: "run", count: 1, template: "a", endpoint: null, began: "", done: null, problem: null };
  tell("preview/run", begun);
  tell("generate/event", { project: "p", run: "run", event: { type: "row", row, seed: null, key: null } });
  store.label(row, "keep");
  await last().answer({ entry: "e", kind: "label", rows: 1, words: "1 row labelled keep" });
  const label = () => store.state.runs[0]?.rows[0]?.row.label;
  assert.equal(label(), "keep");
  store.undo();
  assert.deepEqual(last().params, { entry: "e" });
  await last().answer({ undone: null });
  assert.equal(label(), null);
  timers.at(-1)?.();
  assert.equal(store.state.told, null);
});

test("what fails is told and can be closed; two results are compared by two clicks", async () => {
  const { store, last, asked } = stage();
  store.copy("x");
  await last().refuse();
  assert.equal(store.state.told !== null && "problem" in store.state.told && store.state.told.problem.code, "index/locked");
  store.dismiss();
  assert.equal(store.state.told, null);
  store.compare("a");
  assert.equal(store.state.compared, "a");
  store.compare("b");
  assert.deepEqual(last().params, { left: "a", right: "b" });
  const before = asked.length;
  store.compare("a");
  store.compare("a");
  assert.equal(asked.length, before, "a result is not compared with itself");
});

test("the panel takes what was kept by another version as far as it makes sense", () => {
  const odd = { view: { tab: "gone", count: -5, scroll: { wire: "x", odd: 1 }, runs: [{}, null] } } as unknown as Kept;
  const { state } = stage(odd).store;
  assert.deepEqual([state.tab, state.count, state.runs], ["messages", 1, []]);
});

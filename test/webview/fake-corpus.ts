import { setTimeout as wait } from "node:timers/promises";
import { CHECKS, type Dataset, type Query, type Row } from "#protocol/corpus.ts";
import { type AppError, fail } from "#protocol/errors.ts";
import type { Anchors, Facets, WalkForward } from "#protocol/messages/corpus.ts";

const STAGES = ["grade", "middle", "high", "college", "amc8", "amc10", "amc12", "aime"];

const TEXTS = [
  String.raw`Consider the sequence of positive integers \(a_1, a_2, a_3, \ldots\) defined by the recurrence relation \(a_{n+2} = a_{n+1} + a_n\) for all \(n \geq 1\) with initial conditions \(a_1 = 1\) and \(a_2 = 2\). Find the value of \(a_{10}\), and show that no two neighbours of the sequence have a common divisor greater than one.`,
  String.raw`A garden has the form of a circle of radius \(\sqrt{3}\) metres. A path around it is \(\sqrt{3}\) metres wide everywhere. What is the area of the path?`,
  String.raw`Consider the power series \(\sum_{n=0}^{\infty} a_n (x-3)^n\) where \(a_0 = 2\) and \(a_n = \frac{3n+2}{2n} a_{n-1}\) for \(n \geq 1\). (a) Determine its radius of convergence, \(R\). (b) Calculate the exact value of \(a_5\). (c) Decide whether the series converges at both ends of its interval, and explain why with a test of your choice.`,
  String.raw`Broken TeX is shown as text: \(\frac{a}{\sqrt{b}\) and the rest of the row is set as usual, \(a^2 + b^2 = c^2\).`,
  "Tom buys 3 apples for $2 each and 4 pears for $1.50 each. How much does he pay?",
];

/** Rows that come later on top have places below 0, and ids cannot be negative. */
const ZERO = 1_000_000_000;
const indexOf = (id: string): number => Number.parseInt(id.slice(8), 16) - ZERO;

/** The row at a place of the corpus: always the same one. */
export function rowAt(index: number): Row {
  const seed = (index * 2_654_435_761) >>> 0;
  const value = (shift: number) => (["pass", "pass", "pass", "pass", "fail", "unknown", "pass"] as const)[(seed >>> shift) % 7] ?? "pass";
  return {
    id: seed.toString(16).padStart(8, "0") + (index + ZERO).toString(16).padStart(16, "0"),
    dataset: "clean",
    kind: "problem",
    stage: STAGES[seed % STAGES.length] ?? null,
    format: seed % 3 === 0 ? "tool" : "nl",
    text: `${TEXTS[(index + ZERO) % TEXTS.length]}`,
    solution: String.raw`Compute step by step with \(a_n = 3a_{n-1} - 2a_{n-2}\): \[\begin{aligned} a_3 &= 3\times 5 - 2\times 2 = 11\\ a_4 &= 3\times 11 - 2\times 5 = 23\end{aligned}\] Thus the value is \(\boxed{95}\).`,
    answer: "95",
    created: new Date(Date.UTC(2026, 10, 22, 9, 12) - index * 1_000).toISOString(),
    tokens: 100 + (seed % 900),
    verdicts: CHECKS.map((check, at) => ({ check, value: value(at * 3), reason: REASONS[check], evidence: null })),
    accepted: true,
    label: null,
    parent: null,
  };
}

const REASONS = {
  parse: "question and solution sections",
  answer: "boxed 95",
  copy: "0.04 of its 8-grams stand in the seed",
  duplicate: "no earlier row is the same",
};

export interface FakeCorpus {
  rows: number;
  /** Milliseconds until an answer. */
  latency: number;
  /** What every request of rows fails with. */
  broken: AppError | null;
  gone: boolean;
  /** Rows that have come on top of the first ones. */
  above: number;
  /** What every row says, instead of its usual text. */
  text: string | null;
  /** Ends the rebuild that is under way. */
  rebuilt: ((made: { rows: number; problems: never[] }) => void) | null;
  answer(method: string, params: never, signal: AbortSignal): Promise<unknown>;
}

/** A corpus of any size that stores nothing: rows are made from their place. Conditions and searches leave every tenth row. */
export function createFakeCorpus(size: number): FakeCorpus {
  const labels = new Map<string, "keep" | "reject" | null>();
  const count = (params: { where?: unknown[]; search?: string | undefined }) =>
    params.search?.includes("nothing") === true
      ? 0
      : (params.where?.length ?? 0) > 0 || params.search !== undefined
        ? Math.ceil(corpus.rows / 10)
        : corpus.rows;
  const EVERY = 1_000;
  const labelled = (row: Row): Row => ({ ...row, label: labels.get(row.id) ?? null, text: corpus.text ?? row.text });

  const page = ({ query }: { query: Query }) => {
    const total = count(query);
    const first = Number(query.after ?? 0) + (query.skip ?? 0);
    const end = Math.min(first + query.limit, total);
    const rows = Array.from({ length: Math.max(0, end - first) }, (_, at) => ({
      ...labelled(rowAt(first + at - corpus.above)),
      solution: null,
    }));
    return { rows, next: end < total ? String(end) : null, milliseconds: 41 };
  };
  const anchors = (params: { where: unknown[]; search?: string; row?: string }): Anchors => {
    const rows = count(params);
    const at = params.row === undefined ? null : indexOf(params.row) + corpus.above;
    return {
      every: EVERY,
      cursors: Array.from({ length: Math.max(0, Math.ceil(rows / EVERY) - 1) }, (_, at) => String((at + 1) * EVERY)),
      rows,
      at,
    };
  };
  const facets = (params: { where: unknown[] }): Facets => {
    const share = params.where.length > 0 ? 0.4 : 1;
    const values = (names: readonly string[]) =>
      names.map((value, at) => {
        const total = Math.round((corpus.rows / names.length) * (1.3 - (at / names.length) * 0.6));
        return { value, total, shown: Math.round(total * share) };
      });
    const verdict = (failed: number, unknown: number) => [
      {
        value: "pass",
        total: Math.round(corpus.rows * (1 - failed - unknown)),
        shown: Math.round(corpus.rows * share * (1 - failed - unknown)),
      },
      { value: "fail", total: Math.round(corpus.rows * failed), shown: Math.round(corpus.rows * share * failed) },
      { value: "unknown", total: Math.round(corpus.rows * unknown), shown: Math.round(corpus.rows * share * unknown) },
    ];
    const bell = (bins: number) => Array.from({ length: bins }, (_, at) => Math.round(1_000 * Math.exp(-(((at - 14) / 9) ** 2))));
    return {
      facets: [
        { field: "stage", values: values(STAGES) },
        { field: "format", values: values(["nl", "tool"]) },
        { field: "verdict.parse", values: verdict(0.028, 0) },
        { field: "verdict.answer", values: verdict(0.041, 0.07) },
        { field: "verdict.copy", values: verdict(0.006, 0) },
        { field: "verdict.duplicate", values: verdict(0.063, 0.02) },
        {
          field: "label",
          values: [
            { value: "keep", total: 412, shown: 412 },
            { value: "reject", total: 96, shown: 96 },
            { value: "none", total: corpus.rows - 508, shown: corpus.rows - 508 },
          ],
        },
      ],
      histograms: (["tokens", "length"] as const).map((field) => ({
        field,
        edges: Array.from({ length: 49 }, (_, at) => (at * 2_048) / 48),
        total: bell(48),
        shown: bell(48).map((rows) => Math.round(rows * share)),
      })),
    };
  };
  const walk = ({ id }: { id: string }): WalkForward => {
    const row = labelled(rowAt(indexOf(id)));
    const source = {
      file: "data/seeds/openstax-calculus-2.jsonl",
      sha256: "0".repeat(64),
      line: 338,
      span: null,
      license: "CC BY-NC-SA 4.0",
      extra: {},
    };
    return {
      row,
      response: {
        file: ".jiuzhang/jobs/a1/out/responses-00031.jsonl",
        line: 18_204,
        received: row.created,
        model: "writer",
        finish: "stop",
        raw: "",
        reasoning: null,
        usage: { prompt: 812, completion: 317, cached: 0, reasoning: 0 },
        milliseconds: 4_120,
      },
      request: {
        key: `3f0b77ce${"0".repeat(56)}`,
        file: ".jiuzhang/jobs/a1/in/requests-00031.jsonl",
        line: 18_204,
        url: "/v1/chat/completions",
        body: { model: "writer", temperature: 1 },
        sample: 0,
        job: "a1",
        modelIdentity: "writer",
      },
      template: { path: "prompts/nl/amc8.prompty", sha256: "0".repeat(64), snapshot: ".jiuzhang/jobs/a1/in/templates/0.prompty", line: 27 },
      seed: { id: "62f3ce2e0000000000000000", dataset: "seeds", text: "A sequence is a list of numbers.", source },
      source: null,
      verdicts: row.verdicts,
      labels: row.label === null ? [] : [{ by: "ann", at: row.created, label: row.label, why: "a clear statement" }],
      parent: null,
      hidden: null,
    };
  };

  const corpus: FakeCorpus = {
    rows: size,
    latency: 8,
    broken: null,
    gone: false,
    above: 0,
    text: null,
    rebuilt: null,
    async answer(method, params, signal) {
      if (corpus.latency > 0) await wait(corpus.latency, undefined, { signal });
      const reads = method.startsWith("corpus/") && method !== "corpus/datasets" && method !== "corpus/rebuild";
      if (corpus.broken !== null && reads) throw corpus.broken;
      switch (method) {
        case "corpus/datasets": {
          const dataset: Dataset = {
            name: "clean",
            kind: "problem",
            rows: corpus.rows,
            revision: "0f".repeat(32),
            accepted: corpus.rows,
            updated: "2026-11-22T09:12:00.000Z",
          };
          return { datasets: corpus.gone ? [] : [dataset], problem: null };
        }
        case "corpus/page":
          if (corpus.gone) throw fail("usage/not-found", "There is no dataset “clean”");
          return page(params);
        case "corpus/anchors":
          if (corpus.gone) throw fail("usage/not-found", "There is no dataset “clean”");
          return anchors(params);
        case "corpus/facets":
          return facets(params);
        case "corpus/count":
          return { rows: count(params) };
        case "corpus/walk":
          return walk(params);
        case "corpus/label": {
          const { ids, label } = params as { ids: string[]; label: "keep" | "reject" | null };
          for (const id of ids) labels.set(id, label);
          return {
            entry: "1",
            kind: "label",
            rows: ids.length,
            words: `${ids.length} ${ids.length === 1 ? "row" : "rows"} labelled ${label}`,
          };
        }
        case "corpus/rebuild":
          return await new Promise((resolve) => {
            corpus.rebuilt = resolve;
          });
        case "corpus/undo":
          labels.clear();
          return { undone: { entry: "1", kind: "label", rows: 1, words: "1 row labelled keep" } };
        default:
          return null;
      }
    },
  };
  return corpus;
}

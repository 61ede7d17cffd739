import { spawn } from "node:child_process";
import { once } from "node:events";
import { pathToFileURL } from "node:url";
import type { Query } from "../server/src/protocol/corpus.ts";
import { folder, type ServerProcess, startServer } from "../test/protocol/harness.ts";
import type { Measurement } from "./measurement.ts";
import { writeRows } from "./rows.ts";

const STARTS = 15;
const PAGES = 300;
const PAGE_ROWS = 50;

/**
 * The built server as the editor drives it: how soon it answers, and pages of a large dataset by random anchors, alone and while
 * rows are ingested. Rows: JIUZHANG_BENCH_ROWS, a million where it is not set.
 */
export async function run(): Promise<Measurement[]> {
  const cleanups: (() => unknown)[] = [];
  const t = { after: (work: () => unknown) => void cleanups.push(work) };
  try {
    return [await timeStart(t), ...(await timePages(t))];
  } finally {
    for (const work of cleanups.reverse()) await work();
  }
}

async function timeStart(t: Parameters<typeof startServer>[0]): Promise<Measurement> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < STARTS; round++) {
    let began = performance.now();
    const server = await startServer(t);
    ours.push(performance.now() - began);
    await server.stop();
    began = performance.now();
    await once(spawn(process.execPath, ["--eval", "0"], { stdio: "ignore" }), "exit");
    bare.push(performance.now() - began);
  }
  return compare(
    "server ready",
    at(ours, 0.5),
    at(bare, 0.5),
    `from its start to its answer to initialize, median of ${STARTS}; against a Node that does nothing; goal ≤ 300 ms`,
  );
}

async function timePages(t: Parameters<typeof startServer>[0]): Promise<Measurement[]> {
  const rows = Number(process.env.JIUZHANG_BENCH_ROWS ?? 1_000_000);
  const { project, path } = folder(t, { "jiuzhang.yaml": "" });
  await writeRows(`${path}/rows.jsonl`, rows);
  await writeRows(`${path}/more.jsonl`, rows / 4, rows);
  const server = await startServer(t);
  const importFile = (name: string, dataset: string) =>
    server.request("corpus/import", { project, file: pathToFileURL(`${path}/${name}`).href, dataset, progress: name });
  await importFile("rows.jsonl", "rows");
  const alone = await pages(server, project, () => true);
  const round = await roundTrips(server);
  let busy = true;
  const importing = importFile("more.jsonl", "more").finally(() => {
    busy = false;
  });
  await server.seen("progress", ({ token, progress }) => token === "more.jsonl" && progress.done > 0);
  const meanwhile = await pages(server, project, () => busy);
  await importing;
  await server.stop();
  const note = `p99 of ${alone.length}; ${PAGE_ROWS} rows of ${rows.toLocaleString("en-GB")} at a random place, request to answer; against the p99 of a request that does nothing; goal ≤ 30 ms`;
  return [
    compare("page in the server, p99", at(alone, 0.99), at(round, 0.99), note),
    // With few rows the import is over before a page is asked for.
    ...(meanwhile.length === 0
      ? []
      : [
          compare(
            "page in the server while rows are ingested, p99",
            at(meanwhile, 0.99),
            at(round, 0.99),
            note.replace(String(alone.length), String(meanwhile.length)),
          ),
        ]),
  ];
}

/** Milliseconds of requests for pages at random places. */
async function pages(server: ServerProcess, project: string, go: () => boolean): Promise<number[]> {
  const selection = { dataset: "rows", where: [], sort: { field: "created", descending: true } } satisfies Partial<Query>;
  const { cursors, every } = await server.request("corpus/anchors", { project, ...selection });
  const times: number[] = [];
  for (let at = 0; at < PAGES && go(); at++) {
    const after = cursors[Math.floor(Math.random() * cursors.length)];
    const skip = Math.floor(Math.random() * (every - PAGE_ROWS));
    const began = performance.now();
    await server.request("corpus/page", {
      project,
      query: { ...selection, limit: PAGE_ROWS, brief: true, skip, ...(after === undefined ? {} : { after }) },
    });
    times.push(performance.now() - began);
  }
  return times;
}

async function roundTrips(server: ServerProcess): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; at < PAGES; at++) {
    const began = performance.now();
    await server.request("server/health", {});
    times.push(performance.now() - began);
  }
  return times;
}

/** The value below which this share of the times lies. */
const at = (times: number[], share: number): number =>
  times.sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] as number;

const compare = (name: string, ours: number, baseline: number, note: string): Measurement => ({
  name,
  ours,
  baseline,
  ratio: ours / baseline,
  unit: "ms",
  note: `${note}; smaller is better`,
});

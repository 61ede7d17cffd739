import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type Database from "better-sqlite3";
import { anchors } from "../server/src/corpus/anchors.ts";
import { facets } from "../server/src/corpus/facets.ts";
import { listPage } from "../server/src/corpus/page.ts";
import { makeSearchable } from "../server/src/corpus/search.ts";
import { importFile } from "../server/src/ingest/import-file.ts";
import { openReader, openWriter, PAGE_BYTES } from "../server/src/store/open.ts";
import type { OpContext } from "../server/src/store/ops.ts";
import type { Measurement } from "./measurement.ts";
import { randomFrom, writeRows } from "./rows.ts";

const ROUNDS = 3;
const BATCH = 10_000;
const PAGE_ROWS = 50;
const PAGES = 200;

/**
 * Import of JSONL rows of about 1.5 kB against what one would write by hand with better-sqlite3 (see `importByHand`), the memory that it
 * takes, and pages of the result against the bare statement, all in one run. Rows: JIUZHANG_BENCH_ROWS, 200,000 where it is not set.
 */
export async function run(): Promise<Measurement[]> {
  const rows = Number(process.env.JIUZHANG_BENCH_ROWS ?? 200_000);
  const dir = mkdtempSync(join(tmpdir(), "jiuzhang-bench-"));
  try {
    const file = join(dir, "rows.jsonl");
    await writeRows(file, rows);
    const before = process.memoryUsage.rss();
    const rounds: { ours: Imported; hand: ByHand }[] = [];
    for (let round = 0; round < ROUNDS; round++)
      rounds.push({
        ours: await timeImport(join(dir, `project-${round}`), file),
        hand: await importByHand(join(dir, `hand-${round}.db`), file),
      });
    const against = (name: string, seconds: (hand: ByHand) => number, note: string): Measurement => {
      const byRatio = rounds
        .map(({ ours, hand }) => ({ ours: rows / ours.seconds, hand: rows / seconds(hand), ratio: seconds(hand) / ours.seconds }))
        .sort((one, other) => one.ratio - other.ratio);
      const { ours, hand, ratio } = byRatio[Math.floor(ROUNDS / 2)] as (typeof byRatio)[number];
      return {
        name,
        ours: Math.round(ours),
        baseline: Math.round(hand),
        ratio,
        unit: "rows/s",
        note: `${rows} rows, median of ${ROUNDS}; ${note}`,
      };
    };
    const peak = rounds[0]?.ours.peak as number;
    return [
      against(
        "import of problems",
        ({ total }) => total,
        "copy, parsing, ids, checks, counters and indexes against readline, JSON.parse and inserts into one table; goal 0.6",
      ),
      against(
        "import of problems, inserts alone",
        ({ inserts }) => inserts,
        "the same against only the inserts and commits of rows parsed before",
      ),
      {
        name: "memory while importing",
        ours: Math.round(peak / 2 ** 20),
        baseline: Math.round(before / 2 ** 20),
        ratio: before / peak,
        unit: "MiB resident",
        note: "the peak against the process before the import; does not depend on the number of rows",
      },
      ...(await timePages(rounds.at(-1)?.ours.path as string)),
    ];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Imported {
  seconds: number;
  /** Bytes resident. */
  peak: number;
  /** The index. */
  path: string;
}

async function timeImport(project: string, file: string): Promise<Imported> {
  const path = join(project, ".jiuzhang", "corpus.db");
  const sql = openWriter(path);
  let peak = 0;
  const context = contextOf(sql, project, path, () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  });
  const began = performance.now();
  await importFile(context, { file, dataset: "bench" });
  const seconds = (performance.now() - began) / 1000;
  sql.close();
  return { seconds, peak, path };
}

/** Seconds: of the whole, and of its inserts and commits. */
interface ByHand {
  total: number;
  inserts: number;
}

/**
 * The import that one would write by hand: lines, JSON.parse, and a prepared insert in transactions of BATCH rows into one table with a
 * number as its key and no other index. Write-ahead log, synchronous NORMAL and page size are those of our index.
 */
async function importByHand(path: string, file: string): Promise<ByHand> {
  const began = performance.now();
  const Native = createRequire(import.meta.url)("better-sqlite3") as typeof Database;
  const database = new Native(path);
  database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL`);
  database.exec("CREATE TABLE problem (n INTEGER PRIMARY KEY, text TEXT, solution TEXT, answer TEXT, stage TEXT, line INTEGER)");
  const insert = database.prepare("INSERT INTO problem (text, solution, answer, stage, line) VALUES (?, ?, ?, ?, ?)");
  let inserts = 0;
  let batch: unknown[][] = [];
  const flush = () => {
    const start = performance.now();
    database.exec("BEGIN");
    for (const row of batch) insert.run(...row);
    database.exec("COMMIT");
    inserts += (performance.now() - start) / 1000;
    batch = [];
  };
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    const row = JSON.parse(line) as { problem: string; solution: string; answer?: string; stage: string };
    number += 1;
    batch.push([row.problem, row.solution, row.answer ?? null, row.stage, number]);
    if (batch.length === BATCH) flush();
  }
  flush();
  const total = (performance.now() - began) / 1000;
  database.close();
  rmSync(path);
  return { total, inserts };
}

/** First, random and searched pages against the statement alone that gives the same numbers. */
async function timePages(path: string): Promise<Measurement[]> {
  await makeIndexSearchable(path);
  const sql = openReader(path);
  if (sql === null) throw new Error("The index is missing");
  const query = { dataset: "bench", where: [], sort: { field: "length", descending: true }, limit: PAGE_ROWS } as const;
  const [{ low, high }] = sql.prepare("SELECT min(length) AS low, max(length) AS high FROM row").all<{ low: number; high: number }>() as [
    { low: number; high: number },
  ];
  const random = randomFrom(11);
  const cursors = Array.from({ length: PAGES }, () => [low + Math.floor((high - low) * random()), 0] as const);
  const body = sql.prepare("SELECT text, solution, answer FROM body WHERE n = ?");
  const bodies = (keys: { n: number }[]) => keys.map(({ n }) => body.get(n));
  const keyset = sql.prepare("SELECT n FROM row WHERE dataset = 1 AND (length, n) < (?, ?) ORDER BY length DESC, n DESC LIMIT ?");
  const match = sql.prepare(
    "SELECT row.n AS n FROM search CROSS JOIN row ON row.n = search.rowid WHERE search MATCH ? AND dataset = 1 ORDER BY length DESC, n DESC LIMIT ?",
  );
  const measured = [
    compare(
      "first page",
      () => void listPage(sql, query),
      () => void bodies(keyset.all(1e9, 0, PAGE_ROWS)),
    ),
    compare(
      "random page by keyset",
      (at) => void listPage(sql, { ...query, after: Buffer.from(JSON.stringify(cursors[at])).toString("base64url") }),
      (at) => void bodies(keyset.all(...(cursors[at] as readonly [number, number]), PAGE_ROWS)),
    ),
    compare(
      "searched page, a rare word",
      () => void listPage(sql, { ...query, search: "heptagon" }),
      () => void bodies(match.all('"heptagon"', PAGE_ROWS)),
      20,
    ),
    compare(
      "searched page, a very common word",
      () => void listPage(sql, { ...query, search: "triangle" }),
      () => void bodies(match.all('"triangle"', PAGE_ROWS)),
      3,
    ),
  ];
  const where = [
    { field: "stage", op: "=", value: "grade" },
    { field: "length", op: ">", value: "460" },
  ] as const;
  const grouped = ["stage", "format", "accepted", "parse", "answer", "copy", "duplicate", "label", "template"].map((column) => {
    const others = column === "stage" ? "length > 460" : "length > 460 AND stage = 'grade'";
    return sql.prepare(`SELECT ${column}, count(*) FROM row WHERE dataset = 1 AND ${others} GROUP BY ${column}`);
  });
  const offset = sql.prepare(
    "SELECT length, n FROM row WHERE dataset = 1 AND stage = 'grade' ORDER BY length DESC, n DESC LIMIT 50 OFFSET ?",
  );
  const middle = Math.floor((sql.prepare("SELECT count(*) AS n FROM row WHERE stage = 'grade'").get<{ n: number }>()?.n ?? 0) / 2);
  const stage = [where[0]];
  const { every, cursors: marks } = anchors(sql, { ...query, where: stage });
  const counted = [
    {
      ...compare(
        "facets and histograms under two conditions",
        () => void facets(sql, { dataset: "bench", where: [...where] }),
        () => void grouped.map((statement) => statement.all()),
        5,
      ),
      note: "median of 5; against one GROUP BY for each facet, without histograms",
    },
    {
      ...compare(
        "page in the middle of a filter, by anchor",
        () => {
          const after = marks[Math.floor(middle / every) - 1] as string;
          void listPage(sql, { ...query, where: stage, after, skip: middle % every });
        },
        () => void bodies(offset.all(middle)),
        50,
      ),
      note: `${PAGE_ROWS} rows, median of 50; against OFFSET`,
    },
  ];
  sql.close();
  return [...measured, ...counted];
}

async function makeIndexSearchable(path: string): Promise<void> {
  const sql = openWriter(path);
  await makeSearchable(contextOf(sql, "", path, () => {}));
  sql.close();
}

/** Medians of two ways, taken in turns. */
function compare(name: string, ours: (at: number) => void, bare: (at: number) => void, times = PAGES): Measurement {
  const taken: [number[], number[]] = [[], []];
  for (let at = 0; at < times; at++)
    for (const [which, way] of [ours, bare].entries()) {
      const began = performance.now();
      way(at);
      taken[which as 0 | 1].push(performance.now() - began);
    }
  const [mine, theirs] = taken.map((values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] as number) as [number, number];
  const note = `${PAGE_ROWS} rows with texts and verdicts, median of ${times}; against the bare statements for keys and texts`;
  return { name, ours: round(mine), baseline: round(theirs), ratio: theirs / mine, unit: "ms", note };
}

const round = (value: number): number => Math.round(value * 1000) / 1000;

function contextOf(sql: OpContext["sql"], project: string, path: string, progress: () => void): OpContext {
  return { sql, project, path, progress, release() {}, signal: new AbortController().signal };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await run());

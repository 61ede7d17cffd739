import type { Verdict } from "#protocol/corpus.ts";
import { ResponseLine } from "#protocol/files/shards.ts";
import type { ParseRule } from "#protocol/template.ts";
import { readUsage } from "../endpoints/usage.ts";
import { parseObject } from "../files/json.ts";
import type { Sql } from "../store/sql.ts";
import { parseResponse } from "../synthesis/parse.ts";
import { answerVerdict } from "../verify/answer.ts";
import { copyVerdict } from "../verify/copy.ts";
import { parseVerdict } from "../verify/parse.ts";
import { generatedId } from "./ids.ts";
import type { NewRow, RowWriter } from "./rows.ts";
import { seedText } from "./seeds.ts";

/** A job as the index knows it. */
export interface IngestedJob {
  origin: number;
  dataset: number;
  datasetName: string;
  id: string;
  created: number;
  /** The rule by which a template's responses are read; null where its snapshot is missing. */
  ruleOf(template: number): ParseRule | null;
}

/** Where a response line lies. */
export interface ResponsePlace {
  file: number;
  position: number;
  length: number;
  line: number;
}

interface RequestRecord {
  n: number;
  seed: string | null;
  template: number | null;
  stage: string | null;
  format: string | null;
}

/**
 * Takes one response line: marks its request, and turns it into rows with their verdicts. Of several responses to one request
 * a success counts before an error, then the one received first. Returns why the line is foreign, or null.
 */
export function takeResponse(sql: Sql, writer: RowWriter, job: IngestedJob, place: ResponsePlace, bytes: Buffer): string | null {
  const parsed = parseObject(bytes.toString("utf8"));
  if (typeof parsed === "string") return parsed;
  const checked = ResponseLine.safeParse(parsed);
  if (!checked.success) return `it is no response (${checked.error.issues[0]?.path.join(".")}: ${checked.error.issues[0]?.message})`;
  const key = checked.data.custom_id;
  const request = sql
    .prepare("SELECT n, seed, template, stage, format FROM request WHERE origin = ? AND key = ?")
    .get<RequestRecord>(job.origin, key);
  if (request === undefined) return "it answers no request of this job";
  const error = errorOf(checked.data);
  sql.prepare("UPDATE request SET answered = CASE WHEN answered = 1 THEN 1 ELSE ? END WHERE n = ?").run(error === null ? 1 : 2, request.n);
  const received = Date.parse(checked.data.timing?.received ?? "");
  const response = placeResponse(sql, writer, job, { key, request: request.n, received: received || job.created, error, place });
  if (response === null) return null;
  for (const row of rowsOf(sql, job, { line: checked.data, key, request, response, place, received: received || job.created, error }))
    writer.add(row);
  return null;
}

/** Notes the response, or returns null where the request has a better one already. */
function placeResponse(
  sql: Sql,
  writer: RowWriter,
  job: IngestedJob,
  now: { key: string; request: number; received: number; error: unknown; place: ResponsePlace },
): number | null {
  const there = sql
    .prepare(
      `SELECT response.n AS n, error, received, origin.created AS created, origin.name AS job, file.path AS path, response.position AS position FROM response
       JOIN file ON file.n = response.file JOIN origin ON origin.n = file.origin WHERE response.dataset = ? AND response.key = ?`,
    )
    .get<{ n: number; error: number; received: number; created: number; job: string; path: string; position: number }>(
      job.dataset,
      now.key,
    );
  const { file, position, length, line } = now.place;
  const error = now.error === null ? 0 : 1;
  const values = [now.request, file, position, length, line, now.received, error];
  if (there === undefined)
    return sql
      .prepare(
        "INSERT INTO response (dataset, key, request, file, position, length, line, received, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING n",
      )
      .get<{ n: number }>(job.dataset, now.key, ...values)?.n as number;
  const path = sql.prepare("SELECT path FROM file WHERE n = ?").get<{ path: string }>(file)?.path as string;
  const order =
    error - there.error ||
    now.received - there.received ||
    job.created - there.created ||
    compare(job.id, there.job) ||
    compare(path, there.path) ||
    position - there.position;
  if (order >= 0) return null;
  for (const { n } of sql.prepare("SELECT n FROM row WHERE response = ?").all<{ n: number }>(there.n)) writer.remove(n);
  sql
    .prepare("UPDATE response SET request = ?, file = ?, position = ?, length = ?, line = ?, received = ?, error = ? WHERE n = ?")
    .run(...values, there.n);
  return there.n;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The rows of one response: its problems, or one row that says why there is none. */
function rowsOf(
  sql: Sql,
  job: IngestedJob,
  from: {
    line: ResponseLine;
    key: string;
    request: RequestRecord;
    response: number;
    place: ResponsePlace;
    received: number;
    error: { reason: string; code: string } | null;
  },
): NewRow[] {
  const { line, key, request, error } = from;
  const body = line.response?.body ?? {};
  const rule = request.template === null ? null : job.ruleOf(request.template);
  const url = body.object === "text_completion" ? "/v1/completions" : "/v1/chat/completions";
  const parsed = error !== null || rule === null ? null : parseResponse(rule, body, url);
  const failure =
    error ?? parsed?.failure ?? (rule === null ? { reason: "the template's snapshot is missing", code: "job/corrupt" } : null);
  const seed = request.seed === null ? null : seedText(sql, request.seed);
  const make = (ordinal: number, text: string | null, solution: string | null, answer: string | null, failed: typeof failure): NewRow => ({
    id: generatedId(job.datasetName, key, ordinal),
    dataset: job.dataset,
    kind: "problem",
    created: from.received,
    text,
    solution,
    answer,
    stage: request.stage,
    format: request.format,
    template: request.template,
    tokens: readUsage(body)?.completion ?? null,
    file: from.place.file,
    line: from.place.line,
    span: null,
    license: null,
    extra: null,
    response: from.response,
    source: key,
    ordinal,
    verdicts: {
      parse: parseVerdict(failed),
      answer: text === null ? unparsed("answer") : answerVerdict(answer),
      copy: text === null ? unparsed("copy") : copyVerdict(text, seed),
    },
  });
  const problems = parsed?.problems ?? [];
  if (problems.length > 0) return problems.map((one, at) => make(at, one.problem, one.solution, one.answer, null));
  return [make(0, null, null, null, failure ?? { reason: "the response holds no problem", code: "model/empty" })];
}

const unparsed = (check: "answer" | "copy"): Verdict => ({ check, value: "unknown", reason: "not parsed", evidence: null });

/** The error that a line ends with: the engine's own, or a status that is none of success (as the Batch API writes it). */
function errorOf({ response, error }: ResponseLine): { reason: string; code: string } | null {
  if (error !== null) return { reason: error.message, code: error.code };
  if (response === null) return { reason: "neither a response nor an error", code: "model/empty" };
  if (response.status_code < 400) return null;
  const told = (response.body.error as { message?: unknown } | undefined)?.message;
  return { reason: typeof told === "string" ? told : `status ${response.status_code}`, code: "model/server-error" };
}

import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { Row } from "#protocol/corpus.ts";
import type { JobFile } from "#protocol/files/job.ts";
import type { ParseRule } from "#protocol/template.ts";
import { hydrate } from "../../server/src/corpus/hydrate.ts";
import { rebuild } from "../../server/src/ingest/rebuild.ts";
import { openWriter } from "../../server/src/store/open.ts";
import type { OpContext } from "../../server/src/store/ops.ts";
import type { Sql } from "../../server/src/store/sql.ts";

/** A folder that is gone after the test file. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), "jiuzhang-test-"));
  after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export const indexOf = (project: string): string => join(project, ".jiuzhang", "corpus.db");

/** What an operation gets, without threads around it. */
export function contextOf(project: string, sql: Sql = openWriter(indexOf(project))): OpContext & { progress: OpContext["progress"] } {
  return { sql, project, path: sql.path, release: () => sql.close(), progress() {}, signal: new AbortController().signal };
}

/** Writes a file of a test and returns its path. */
export function put(dir: string, name: string, content: string | Uint8Array): string {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

export const lines = (...rows: unknown[]): string => rows.map((row) => `${typeof row === "string" ? row : JSON.stringify(row)}\n`).join("");

export const RULE: ParseRule = { form: "sections", problem: "## Problem", solution: "## Solution", answer: "any" };
export const ruleOf = (): ParseRule => RULE;

export const TEMPLATE = `---
name: test
metadata:
  jiuzhang:
    stage: grade
    format: nl
---
user:
Write a problem from this text.

{{ text }}
`;
export const TEMPLATE_SHA = hash("sha256", TEMPLATE);

/** A request key from a word. */
export const keyOf = (word: string): string => hash("sha256", word);

export interface Asked {
  key: string;
  seed?: { id: string; dataset: string } | null;
}

/** Makes a job directory with its requests, and returns it with a way to add to its answers. */
export function makeJob(project: string, id: string, asked: Asked[], options: { dataset?: string; created?: string } = {}) {
  const dir = join(project, ".jiuzhang", "jobs", id);
  const { dataset = "made", created = "2026-01-01T00:00:00.000Z" } = options;
  const job: JobFile = {
    version: 1,
    id,
    key: keyOf(id),
    spec: {
      task: "send",
      dataset,
      model_identity: "test/model@1",
      endpoint: { name: "test", base_url: "http://127.0.0.1:1/v1", model: "model" },
      concurrency: 1,
      stream: false,
      retries: 0,
      stall_seconds: 10,
    },
    spec_sha256: keyOf("spec"),
    owner: "test",
    created,
    requests: asked.length,
  };
  put(dir, "job.json", JSON.stringify(job));
  put(join(dir, "in", "templates"), `${TEMPLATE_SHA}.prompty`, TEMPLATE);
  const requests = asked.map(({ key }) => ({
    custom_id: key,
    method: "POST",
    url: "/v1/chat/completions",
    body: { model: "model", messages: [{ role: "user", content: `ask ${key}` }] },
  }));
  put(join(dir, "in"), "requests-00000.jsonl", lines(...requests));
  const index = asked.map(({ key, seed = null }, at) => ({
    custom_id: key,
    seed,
    template: { path: "prompts/nl/grade.prompty", sha256: TEMPLATE_SHA },
    sample: at,
    stage: "grade",
    format: "nl",
  }));
  put(join(dir, "in"), "index-00000.jsonl", lines(...index));
  mkdirSync(join(dir, "out"), { recursive: true });
  const shard = join(dir, "out", "responses-00000.jsonl");
  return { dir, shard, answer: (...answers: unknown[]) => appendFileSync(shard, lines(...answers)) };
}

/** A response line whose content is given. */
export function answerLine(key: string, content: string, received = "2026-01-01T00:01:00.000Z", more: object = {}) {
  const choice = { index: 0, finish_reason: "stop", message: { role: "assistant", content } };
  const usage = { prompt_tokens: 50, completion_tokens: content.length, total_tokens: 50 + content.length };
  return {
    custom_id: key,
    response: { status_code: 200, request_id: null, body: { object: "chat.completion", model: "model", choices: [choice], usage } },
    error: null,
    timing: { received, milliseconds: 12, tries: 1 },
    ...more,
  };
}

export const problemText = (problem: string, answer = "4"): string =>
  `## Problem\n${problem}\n\n## Solution\nThe sum is $\\boxed{${answer}}$.`;

/** A dataset's rows in the order in which they came into the index. */
export function rowsOf(sql: Sql, dataset: string): Row[] {
  const numbers = sql
    .prepare("SELECT n FROM row WHERE dataset = (SELECT n FROM dataset WHERE name = ?) ORDER BY n")
    .all<{ n: number }>(dataset);
  return hydrate(
    sql,
    numbers.map(({ n }) => n),
  ).map(({ row }) => row);
}

/** Everything that an index says, without the numbers that depend on the order in which it was filled. */
export function dump(sql: Sql): object {
  const all = (source: string) => sql.prepare(source).all();
  return {
    rows: all(`SELECT row.id, dataset.name AS dataset, row.kind, created, row.length, tokens, row.stage, row.format, template.path AS template,
      parse, row.answer AS has, copy, duplicate, accepted, copied, hex(hash) AS hash, file.path AS file, row.line, ordinal, text, solution, body.answer,
      start, end, license, extra, response.key AS request, label, parent, row.dataset > 0 AS shown, row.n > 0 AS front,
      row.tally IN (SELECT n FROM tally WHERE tally.dataset = row.dataset AND tally.stage IS row.stage AND tally.accepted = row.accepted) AS counted
      FROM row JOIN body ON body.n = row.n JOIN dataset ON dataset.n = abs(row.dataset)
      JOIN file ON file.n = row.file LEFT JOIN template ON template.n = row.template LEFT JOIN response ON response.n = row.response ORDER BY row.id`),
    verdicts: all(`SELECT id, "check", reason, evidence FROM verdict JOIN row ON row.n = verdict.row ORDER BY id, "check"`),
    counters:
      all(`SELECT name, tally.kind AS kind, stage, format, path, parse, answer, copy, duplicate, accepted, label, edited, sum(rows) AS rows
      FROM tally JOIN dataset ON dataset.n = tally.dataset LEFT JOIN template ON template.n = tally.template
      GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12`),
    files:
      all(`SELECT origin.name AS origin, dataset.name AS dataset, path, file.position AS position, file.line AS line, done, rows, duplicates, rejected FROM file
      JOIN origin ON origin.n = file.origin JOIN dataset ON dataset.n = origin.dataset WHERE file.position > 0 OR done = 1 ORDER BY 1, 2, 3`),
    requests:
      all(`SELECT origin.name AS origin, request.key AS key, seed, answered, request.position AS position, request.line AS line FROM request
      JOIN origin ON origin.n = request.origin ORDER BY 1, 2`),
    responses:
      all(`SELECT dataset.name AS dataset, response.key AS key, file.path AS path, response.position AS position, response.length AS length, received, error, origin.name AS asked
      FROM response JOIN dataset ON dataset.n = response.dataset JOIN file ON file.n = response.file JOIN request ON request.n = response.request
      JOIN origin ON origin.n = request.origin ORDER BY 1, 2`),
    problems: all("SELECT path, problem.line AS line, problem FROM problem JOIN file ON file.n = problem.file ORDER BY 1, 2"),
    datasets: all("SELECT name, kind, updated, marks FROM dataset ORDER BY 1"),
  };
}

/** Rebuilds the index and compares it with what the live one said. */
export async function rebuilt(project: string, live: object): Promise<void> {
  const context = contextOf(project);
  await rebuild(context, ruleOf);
  const sql = openWriter(indexOf(project));
  assert.deepEqual(dump(sql), live);
  sql.close();
}

import { readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Row, Walk } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";
import type { JobFile } from "#protocol/files/job.ts";
import type { RequestLine, ResponseLine } from "#protocol/files/shards.ts";
import type { WalkForward } from "#protocol/messages/corpus.ts";
import type { ParseRule } from "#protocol/template.ts";
import { readUsage } from "../endpoints/usage.ts";
import { readAt } from "../files/lines.ts";
import { existing } from "../ingest/existing.ts";
import { dataFolder } from "../project/root.ts";
import type { OpContext } from "../store/ops.ts";
import { parseResponse } from "../synthesis/parse.ts";
import { findRow } from "./find-row.ts";
import { historyOf } from "./history.ts";
import { hydrate } from "./hydrate.ts";
import { sourceOf } from "./source.ts";

/** What is read from a template's source. */
export interface ReadTemplate {
  rule(source: string): ParseRule;
  /** The line of the first expression that puts the seed's text in, null where there is none. */
  seedLine(source: string): number | null;
}

interface Stored {
  responsePath: string;
  responsePosition: number;
  responseLength: number;
  responseLine: number;
  received: number;
  key: string;
  requestPath: string | null;
  requestPosition: number;
  requestLength: number;
  requestLine: number;
  sample: number;
  seed: string | null;
  job: string;
  detail: string;
  template: string | null;
  sha256: string | null;
}

const SELECT = `
  SELECT answered.path AS responsePath, response.position AS responsePosition, response.length AS responseLength, response.line AS responseLine,
    response.received AS received, request.key AS key, asked.path AS requestPath, request.position AS requestPosition,
    request.length AS requestLength, request.line AS requestLine, request.sample AS sample, request.seed AS seed,
    origin.name AS job, origin.detail AS detail, template.path AS template, template.sha256 AS sha256
  FROM row JOIN response ON response.n = row.response JOIN file AS answered ON answered.n = response.file
    JOIN request ON request.n = response.request JOIN origin ON origin.n = request.origin
    LEFT JOIN file AS asked ON asked.n = request.file LEFT JOIN template ON template.n = request.template
  WHERE row.n = ?`;

/**
 * A row with everything behind it, back to the line that made it, and what people said of it; reads the job's files at the places that
 * the index knows.
 */
export async function walk(context: OpContext, id: string, template: ReadTemplate): Promise<WalkForward> {
  const { sql } = context;
  const { n } = findRow(sql, id);
  const row = hydrate(sql, [n])[0]?.row as Row;
  return { ...(await walkBack(context, n, row, template)), ...historyOf(sql, row.id), verdicts: row.verdicts };
}

async function walkBack(context: OpContext, n: number, row: Row, template: ReadTemplate): Promise<Walk> {
  const { sql } = context;
  const stored = sql.prepare(SELECT).get<Stored>(n);
  if (stored === undefined) return { row, response: null, request: null, template: null, seed: null, source: sourceOf(sql, n) };
  const snapshot = stored.sha256 === null ? null : `jobs/${stored.job}/in/templates/${stored.sha256}.prompty`;
  const source = snapshot === null ? null : await readFile(join(dataFolder(context.project), snapshot), "utf8").catch(absent);
  const request = await requestOf(context, stored);
  return {
    row,
    response: await responseOf(context, stored, source === null ? null : template.rule(source), request?.url ?? ""),
    request,
    template:
      stored.template === null || stored.sha256 === null || snapshot === null
        ? null
        : {
            path: stored.template,
            sha256: stored.sha256,
            snapshot: named(context, snapshot),
            line: source === null ? null : template.seedLine(source),
          },
    seed: seedOf(context, stored.seed),
    source: null,
  };
}

async function responseOf(context: OpContext, stored: Stored, rule: ParseRule | null, url: string): Promise<Walk["response"]> {
  const { line, file } = await readLine<ResponseLine>(context, stored.responsePath, stored.responsePosition, stored.responseLength);
  const body = line.response?.body ?? {};
  const parsed = rule === null || line.response === null ? null : parseResponse(rule, body, url);
  return {
    file,
    line: stored.responseLine,
    received: new Date(stored.received).toISOString(),
    model: typeof body.model === "string" ? body.model : null,
    finish: parsed?.finish ?? null,
    raw: parsed?.raw ?? (line.error === null ? JSON.stringify(body) : `${line.error.code}: ${line.error.message}`),
    reasoning: parsed?.reasoning ?? null,
    usage: readUsage(body),
    milliseconds: line.timing?.milliseconds ?? null,
  };
}

async function requestOf(context: OpContext, stored: Stored): Promise<Walk["request"]> {
  if (stored.requestPath === null) return null;
  const { line, file } = await readLine<RequestLine>(context, stored.requestPath, stored.requestPosition, stored.requestLength);
  const { key, sample, job } = stored;
  const { url, body } = line;
  const { spec } = JSON.parse(stored.detail) as JobFile;
  return { key, file, line: stored.requestLine, url, body, sample, job, modelIdentity: spec.model_identity };
}

function seedOf({ sql }: OpContext, id: string | null): Walk["seed"] {
  const n = id === null ? undefined : sql.prepare("SELECT n FROM row WHERE id = ?").get<{ n: number }>(id)?.n;
  const found = n === undefined ? undefined : hydrate(sql, [n])[0]?.row;
  const source = n === undefined ? null : sourceOf(sql, n);
  if (found === undefined || source === null) return null;
  return { id: found.id, dataset: found.dataset, text: found.text ?? "", source };
}

/** One line of a shard, and the shard's name from the project's root. */
async function readLine<T>(context: OpContext, path: string, position: number, length: number): Promise<{ line: T; file: string }> {
  const found = await existing(join(dataFolder(context.project), path));
  const place = { where: { file: named(context, path) } };
  if (found === null)
    throw fail("io/failed", "The shard that this row was read from is gone", {
      ...place,
      remedy: "Put it back, or run `jiuzhang rebuild`.",
    });
  const text = (await readAt(found, position, length)).toString("utf8");
  const file = relative(context.project, found).split(sep).join("/");
  try {
    return { line: JSON.parse(text) as T, file };
  } catch (thrown) {
    throw fail("job/corrupt", "The shard has changed since it was read", { ...place, remedy: "Run `jiuzhang rebuild`.", cause: thrown });
  }
}

const named = ({ project }: OpContext, path: string): string =>
  relative(project, join(dataFolder(project), path))
    .split(sep)
    .join("/");

function absent(thrown: NodeJS.ErrnoException): null {
  if (thrown.code === "ENOENT") return null;
  throw thrown;
}

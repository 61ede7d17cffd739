import { fail, type Problem } from "#protocol/errors.ts";
import { ROW_MAX_BYTES } from "#protocol/limits.ts";
import { type Line, readLines } from "../files/lines.ts";
import type { OpContext } from "../store/ops.ts";
import type { Sql } from "../store/sql.ts";
import { type FileState, fileState, MOST_PROBLEMS, readFileState, saveFileState } from "./registry.ts";
import type { Shard } from "./shards.ts";

/** A line may be larger than a row: a response also holds the model's reasoning. */
const LINE_MAX_BYTES = 4 * ROW_MAX_BYTES;

export interface FollowedLine extends Line {
  bytes: Buffer;
}

/**
 * Reads what is new in a shard up to `end` bytes, and commits each batch of whole lines with the position behind it.
 * `handle` returns why a line is foreign, or null; a foreign line is recorded with its place and skipped.
 */
export async function follow(
  context: OpContext,
  { origin, path, shard, end }: { origin: number; path: string; shard: Shard; end: number | null },
  batch: { begin(file: number): void; handle(line: FollowedLine): string | null; end(): void },
): Promise<FileState> {
  const { sql } = context;
  for (;;) {
    let state = readFileState(sql, origin, path);
    if (state === undefined) state = sql.transaction(() => fileState(sql, origin, path));
    const start: FileState = state;
    // A compressed shard is complete, so it need not be unpacked once more to see that nothing came after.
    if (start.done === 1 || (end !== null && start.position === end)) return start;
    if (end !== null && end < start.position) return shortened(sql, path, start, end);
    const outcome = await readOn(context, { origin, path, shard, end, start }, batch);
    if (outcome !== null) return outcome;
  }
}

async function readOn(
  { sql, signal, breathe }: OpContext,
  { origin, path, shard, end, start }: { origin: number; path: string; shard: Shard; end: number | null; start: FileState },
  batch: { begin(file: number): void; handle(line: FollowedLine): string | null; end(): void },
): Promise<FileState | null> {
  let state = start;
  const commit = (lines: Line[], done: boolean): boolean =>
    sql.transaction(() => {
      const now = readFileState(sql, origin, path) as FileState;
      // Another process ingests the same job and has got further.
      if (now.position !== state.position || now.done !== state.done) return false;
      const next = { ...state, done: done ? 1 : 0 };
      batch.begin(next.n);
      for (const line of lines) {
        const reason = line.bytes === null ? "it is too large" : line.length === 0 ? null : batch.handle(line as FollowedLine);
        if (reason !== null) keepForeign(sql, next, path, line.number, reason);
        next.position = line.position + line.length + 1;
        next.line = line.number;
      }
      batch.end();
      saveFileState(sql, next);
      state = next;
      return true;
    });
  const options = { position: start.position, line: start.line, limit: LINE_MAX_BYTES, ...(end === null ? {} : { end }) };
  for await (const lines of readLines(shard.path, options)) {
    const whole = lines.filter((line) => line.complete);
    if (whole.length > 0 && !commit(whole, false)) return null;
    await breathe?.();
    signal.throwIfAborted();
  }
  if (end === null && !commit([], true)) return null;
  return state;
}

/** Only the engine shortens a shard, and only by a torn tail that we never took. */
function shortened(sql: Sql, path: string, state: FileState, end: number): FileState {
  const known = sql.prepare("SELECT 1 FROM problem WHERE file = ? AND line = -1").get(state.n);
  if (known !== undefined) return state;
  const problem: Problem = {
    code: "job/corrupt",
    message: `The shard has become shorter (${end} bytes, ${state.position} were read): answers may be lost`,
    where: { file: path },
    remedy: "Run `jiuzhang rebuild` to make the index agree with the files.",
  };
  sql.transaction(() => sql.prepare("INSERT OR IGNORE INTO problem VALUES (?, -1, ?)").run(state.n, JSON.stringify(problem)));
  return state;
}

function keepForeign(sql: Sql, state: FileState, path: string, line: number, reason: string): void {
  state.rejected += 1;
  if (state.rejected > MOST_PROBLEMS) return;
  const { problem } = fail("job/foreign-line", `Line skipped: ${reason}`, {
    where: { file: path, line },
    remedy: "Nothing else is lost; remove the line if it disturbs, then run `jiuzhang rebuild`.",
  });
  sql.prepare("INSERT OR IGNORE INTO problem VALUES (?, ?, ?)").run(state.n, line, JSON.stringify(problem));
}

/**
 * Errors are data. Everything that can go wrong is one `Problem`: a code from the list below, a message that says
 * what happened, the place where it happened and what to do about it. An `AppError` carries a problem through a throw;
 * over a wire (LSP, `--json`, events.jsonl) only the problem travels.
 */

/** Every code that a user, a script or a test may see. The part before the slash is the room that reports it. */
export const ERROR_CODES = [
  // What the user asked for cannot be understood.
  "usage/invalid-argument",
  "usage/not-found",
  // The project and its recipe.
  "project/none",
  "project/invalid-yaml",
  "project/unknown-endpoint",
  "project/busy",
  "project/untrusted",
  // Templates.
  "template/unreadable",
  "template/too-large",
  "template/invalid",
  "template/missing-input",
  "template/invalid-input",
  "template/strict-violation",
  // Files that come in.
  "import/unreadable",
  "import/unknown-format",
  "import/malformed-row",
  "import/row-too-large",
  "import/empty",
  // What people said about rows.
  "labels/malformed-line",
  "labels/unwritable",
  // Models.
  "model/wrong-key",
  "model/missing-key",
  "model/not-found",
  "model/context-too-long",
  "model/rate-limited",
  "model/quota-exceeded",
  "model/refused",
  "model/filtered",
  "model/cut-off",
  "model/bad-request",
  "model/server-error",
  "model/unreachable",
  "model/reset",
  "model/stalled",
  "model/not-json",
  "model/empty",
  // A response that is not in the form its template asks for.
  "model/unparsed",
  "model/aborted",
  // The embedded engine.
  "engine/not-installed",
  "engine/unsupported-platform",
  "engine/install-failed",
  "engine/model-missing",
  "engine/model-corrupt",
  "engine/start-failed",
  "engine/port-taken",
  // Jobs and their directories.
  "job/foreign-line",
  "job/torn-line",
  "job/corrupt",
  "job/busy",
  "job/disk-full",
  "job/failed",
  // The index.
  "index/locked",
  "index/read-only",
  "index/corrupt",
  "index/newer",
  "index/unavailable",
  "index/node-too-old",
  // Hosts that jobs run on.
  "host/unreachable",
  "host/authentication",
  "host/unknown-key",
  "host/changed-key",
  "host/no-python",
  "host/old-python",
  "host/cut",
  "host/permission",
  "host/not-writable",
  "host/disk-full",
  "host/not-started",
  "host/failed",
  // The editor's server process.
  "server/stopped",
  "server/crashed",
  "server/start-failed",
  // Everything else.
  "io/failed",
  "io/disk-full",
  "cancelled",
  "internal",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** A place in a file. Lines and columns count from 1; a range without an end is a point. */
export interface Place {
  file?: string;
  line?: number;
  column?: number;
  endLine?: number;
  endColumn?: number;
}

export interface Problem {
  code: ErrorCode;
  /** What happened, in one sentence without a full stop's worth of jargon. */
  message: string;
  where?: Place;
  /** What to do about it: a sentence or a command. */
  remedy?: string;
  /** Details for programs: identifiers, numbers, the other side's own words. Never a secret. */
  data?: Record<string, unknown>;
}

/** Carries a `Problem` through a throw. */
export class AppError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.message, options);
    this.name = "AppError";
    this.problem = problem;
  }
}

/** Shorthand for throwing: `throw fail("index/locked", "…", { remedy: "…" })`. */
export function fail(code: ErrorCode, message: string, more: Omit<Problem, "code" | "message"> & { cause?: unknown } = {}): AppError {
  const { cause, ...rest } = more;
  return new AppError({ code, message, ...rest }, cause === undefined ? undefined : { cause });
}

/** Any thrown value as a problem. Unknown errors become `internal` and keep their message; system errors keep their errno. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof AppError) return thrown.problem;
  if (!(thrown instanceof Error)) return { code: "internal", message: String(thrown) };
  const errno = (thrown as { code?: unknown }).code;
  const path = (thrown as { path?: string }).path;
  const place = path === undefined ? {} : { where: { file: path } };
  if (thrown.name === "AbortError") return { code: "cancelled", message: "Cancelled" };
  if (errno === "ENOSPC" || errno === "EDQUOT")
    return {
      code: "io/disk-full",
      message: "The disk is full",
      ...place,
      remedy: "Free some space and run the same command again: it goes on where it stopped.",
    };
  if (typeof errno === "string" && /^E[A-Z0-9]+$/.test(errno))
    return { code: "io/failed", message: thrown.message, ...place, data: { errno } };
  return { code: "internal", message: thrown.message, data: { stack: thrown.stack } };
}

/** One line for a terminal or a log: `file:line:column: message. remedy`. */
export function formatProblem(problem: Pick<Problem, "message" | "where" | "remedy">): string {
  const { file, line, column } = problem.where ?? {};
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  const sentence = /[.!?…]$/.test(problem.message) ? problem.message : `${problem.message}.`;
  return `${place === "" ? "" : `${place}: `}${problem.remedy === undefined ? sentence.replace(/\.$/, "") : `${sentence} ${problem.remedy}`}`;
}

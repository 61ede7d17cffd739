import { styleText } from "node:util";
import type { Problem } from "#protocol/errors.ts";
import { formatProblem } from "#protocol/errors.ts";

type Style = Parameters<typeof styleText>[0];

/** Where a verb writes: results to stdout (people read lines, programs read one JSON object a line), everything else to stderr. */
export interface Output {
  json: boolean;
  /** Whether stdout is a terminal that can redraw a bar. */
  interactive: boolean;
  /** Columns to wrap at. */
  columns: number;
  /** A result for people; nothing under --json. */
  line(text?: string): void;
  /** A result for programs; nothing without --json. */
  object(value: Record<string, unknown>): void;
  /** A remark that is not a result. */
  log(text: string): void;
  problem(problem: Problem): void;
  style(style: Style, text: string): string;
}

/** Colours appear only on a terminal and never under NO_COLOR: `styleText` asks the stream. */
export function createOutput(options: { json: boolean; stdout?: NodeJS.WriteStream; stderr?: NodeJS.WriteStream }): Output {
  const stdout = options.stdout ?? process.stdout;
  const stderr = options.stderr ?? process.stderr;
  const style = (kind: Style, text: string, stream: NodeJS.WriteStream = stdout) => styleText(kind, text, { stream });
  return {
    json: options.json,
    interactive: !options.json && stdout.isTTY === true && process.env.TERM !== "dumb",
    columns: Math.min(stdout.columns ?? 80, 100),
    line: (text = "") => {
      if (!options.json) stdout.write(`${text}\n`);
    },
    object: (value) => {
      if (options.json) stdout.write(`${JSON.stringify(value)}\n`);
    },
    log: (text) => stderr.write(`${text}\n`),
    problem: (problem) => {
      stderr.write(`${style("red", "error", stderr)} ${formatProblem(problem)} ${style("dim", `[${problem.code}]`, stderr)}\n`);
    },
    style: (kind, text) => style(kind, text),
  };
}

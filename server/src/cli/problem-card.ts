import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";
import type { Row, Verdict } from "#protocol/corpus.ts";
import type { Output } from "./output.ts";

const INDENT = 27;
const MAX_LINES = 4;

/** What a finished problem looks like while a run goes on: a dot, stage, seed, the text, and a line of verdicts. */
export function problemCard(out: Output, row: Row, seed: string | null): string[] {
  const failed = row.verdicts.filter((verdict) => verdict.value === "fail");
  const parsed = !failed.some((verdict) => verdict.check === "parse");
  const colour = row.accepted ? "green" : parsed ? "yellow" : "red";
  const width = Math.max(30, out.columns - INDENT - 2);
  const stage = (row.stage ?? row.format ?? "").slice(0, 6).padEnd(6);
  const head = `  ${out.style(colour, "●")} ${out.style("bold", stage)} ${out.style("dim", fit(seed ?? row.id.slice(0, 8), 14))}`;
  const parse = row.verdicts.find((verdict) => verdict.check === "parse");
  const text = parsed ? (row.text ?? "") : `${out.style("red", "not parsed")}: ${parse?.reason ?? "unknown reason"}. Raw text kept.`;
  const lines = wrapAnsi(text.replace(/\s+/g, " ").trim(), width, { hard: true }).split("\n");
  const shown = lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES - 1), `${lines[MAX_LINES - 1] ?? ""} …`] : lines;
  const cost = row.tokens === null ? "" : `${row.tokens} tokens`.padStart(11);
  const indent = " ".repeat(INDENT);
  // What was not parsed has no verdicts of its own: its cost stands behind the reason where there is room.
  if (parsed) shown.push(...wrapAnsi(verdictWords(out, row), width).split("\n"));
  const last = shown.pop() ?? "";
  const gap = width - stringWidth(last) - cost.length;
  const ending =
    gap < 1
      ? [last, " ".repeat(Math.max(0, width - cost.length)) + out.style("dim", cost)]
      : [`${last}${" ".repeat(gap)}${out.style("dim", cost)}`];
  const [first = "", ...rest] = [...shown, ...ending];
  return [`${head}  ${first}`, ...rest.map((line) => indent + line)];
}

/** All verdicts in one line; where nothing was parsed, only why. */
export function verdictWords(out: Output, row: Row): string {
  const parse = row.verdicts.find((verdict) => verdict.check === "parse");
  const shown = parse?.value === "fail" ? [parse] : row.verdicts;
  return shown.map((verdict) => verdictWord(out, verdict)).join("  ");
}

/** A verdict as one coloured word; the colour never says more than the word. */
function verdictWord(out: Output, verdict: Verdict): string {
  if (verdict.value === "fail") return out.style(verdict.check === "parse" ? "red" : "yellow", verdict.reason);
  if (verdict.value === "unknown") return out.style("dim", verdict.reason);
  return out.style(verdict.check === "copy" || verdict.check === "duplicate" ? "dim" : "green", verdict.reason);
}

function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

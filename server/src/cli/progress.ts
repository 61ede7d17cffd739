import cliProgress from "cli-progress";
import type { Output } from "./output.ts";
import { count, duration } from "./table.ts";

export interface ProgressState {
  done: number;
  total?: number | undefined;
  /** What follows the numbers, such as a rate. */
  note?: string;
}

/** One live line at a time. On a terminal a bar that keeps to the bottom; in a pipe a remark on stderr now and then. */
export interface ProgressLine {
  update(state: ProgressState): void;
  /** Prints a result above the bar. */
  above(text: string): void;
  /** Prints a remark that is not a result: above the bar, or on stderr. */
  remark(text: string): void;
  /** Takes the line away. `leave` prints its last state as an ordinary line. */
  end(leave?: { words: string }): void;
}

const REMARK_SECONDS = 10;
const BAR_COLUMNS = 24;

export function createProgress(out: Output, label: string, unit: string): ProgressLine {
  const state: ProgressState = { done: 0 };
  // What was done before this line began says nothing about the speed of what is left.
  let first: { at: number; done: number } | null = null;
  const remaining = () => {
    const did = state.done - (first?.done ?? 0);
    if (first === null || !state.total || did <= 0 || state.done >= state.total) return null;
    return `${duration(((Date.now() - first.at) / 1000 / did) * (state.total - state.done))} left`;
  };
  const words = () => {
    const counted = `${count(state.done)}${state.total === undefined ? "" : `/${count(state.total)}`}${unit === "" ? "" : ` ${unit}`}`;
    return [counted, state.note, remaining()].filter((part) => part !== undefined && part !== null && part !== "").join(", ");
  };
  const take = (next: ProgressState) => {
    first ??= { at: Date.now(), done: next.done };
    Object.assign(state, next);
  };
  if (!out.interactive) return createRemarks(out, label, take, words);

  const drawBar = (share: number) => {
    const full = Math.round(BAR_COLUMNS * share);
    return out.style("blue", "━".repeat(full)) + out.style("dim", "─".repeat(BAR_COLUMNS - full));
  };
  const bars = new cliProgress.MultiBar(
    {
      format: `  ${label.padEnd(9)} {bar}  {words}`,
      barCompleteChar: "━",
      barIncompleteChar: " ",
      hideCursor: true,
      clearOnComplete: true,
      linewrap: false,
      fps: 10,
      gracefulExit: false,
      formatBar: (progress: number) => drawBar(state.total === undefined ? 0 : Math.min(1, progress)),
    },
    cliProgress.Presets.shades_classic,
  );
  const bar = bars.create(1, 0, { words: words() });
  const above = (text: string) => {
    bars.log(`${text}\n`);
    bars.update();
  };
  return {
    above,
    remark: above,
    update(next) {
      take(next);
      if (state.total !== undefined) bar.setTotal(Math.max(1, state.total));
      bar.update(state.done, { words: words() });
    },
    end(leave) {
      bars.stop();
      if (leave !== undefined) out.line(`\n  ${label.padEnd(9)} ${drawBar(1)}  ${leave.words}`);
    },
  };
}

function createRemarks(out: Output, label: string, take: (next: ProgressState) => void, words: () => string): ProgressLine {
  let last = Date.now();
  return {
    update(next) {
      take(next);
      if (Date.now() - last < REMARK_SECONDS * 1000) return;
      last = Date.now();
      out.log(`${label}: ${words()}`);
    },
    above: (text) => out.line(text),
    remark: (text) => out.log(text),
    end() {},
  };
}

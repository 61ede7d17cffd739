import type { Label, Row } from "#protocol/corpus.ts";
import type { Problem } from "#protocol/errors.ts";
import type { GenerateEvent } from "#protocol/messages/generate.ts";
import type { PanelEvents, PreviewRun } from "#protocol/panels.ts";

/** Text that comes for one request. */
export interface Stream {
  key: string;
  sample: number;
  attempt: number;
  text: string;
  reasoning: string;
}

/** A problem that has come. `raw`: what the model wrote, where that is not in the form that was asked for and was seen as it came. */
export interface Come {
  row: Row;
  key: string | null;
  raw: string | null;
}

/** A run as it stands. */
export interface Run extends PreviewRun {
  preparing: Extract<GenerateEvent, { type: "preparing" }> | null;
  plan: Extract<GenerateEvent, { type: "plan" }> | null;
  /** Requests whose rows have not come yet, in the order in which they began to write. */
  streams: Stream[];
  rows: Come[];
  /** Rows that were only counted. */
  more: number;
  progress: Extract<GenerateEvent, { type: "progress" }> | null;
  waiting: Extract<GenerateEvent, { type: "wait" }> | null;
  warnings: Problem[];
}

export const isRunning = ({ done, problem }: PreviewRun): boolean => done === null && problem === null;

/** More warnings than these help nobody; a large run could have millions. */
const MOST_WARNINGS = 20;

/** The runs after one of them has begun, has ended, or is told once more. The newest stands first. */
export function withRun(runs: readonly Run[], told: PreviewRun): Run[] {
  const known = runs.find(({ run }) => run === told.run);
  // A run that begins once more is told anew from its beginning, events and all.
  if (known === undefined || isRunning(told)) {
    const fresh: Run = {
      ...told,
      preparing: null,
      plan: null,
      streams: [],
      rows: [],
      more: 0,
      progress: null,
      waiting: null,
      warnings: [],
    };
    return known === undefined ? [fresh, ...runs] : runs.map((run) => (run === known ? fresh : run));
  }
  return runs.map((run) => (run === known ? { ...run, ...told, streams: [], preparing: null, waiting: null } : run));
}

/** The runs after an event of one of them. */
export function withEvent(runs: readonly Run[], { run: name, event }: PanelEvents["generate/event"]): Run[] {
  return runs.map((run) => (run.run === name ? after(run, event) : run));
}

function after(run: Run, event: GenerateEvent): Run {
  switch (event.type) {
    case "preparing":
      return { ...run, preparing: event };
    case "plan":
      return { ...run, plan: event, preparing: null };
    case "delta":
      return { ...run, preparing: null, streams: grown(run.streams, event) };
    case "progress":
      return { ...run, preparing: null, progress: event };
    case "row": {
      const { row, key } = event;
      const stream = run.streams.find((one) => one.key === key);
      const raw = row.text === null ? (stream?.text ?? null) : null;
      return {
        ...run,
        streams: run.streams.filter((one) => one !== stream),
        rows: [...run.rows.filter((one) => one.row.id !== row.id), { row, key, raw }],
      };
    }
    case "more":
      return { ...run, more: run.more + event.rows };
    case "warning":
      return { ...run, warnings: [...run.warnings, event.problem].slice(-MOST_WARNINGS) };
    case "wait":
      return { ...run, waiting: event };
  }
}

function grown(streams: readonly Stream[], delta: Extract<GenerateEvent, { type: "delta" }>): Stream[] {
  const { key, sample, attempt, text, reasoning } = delta;
  const known = streams.find((stream) => stream.key === key);
  if (known === undefined) return [...streams, { key, sample, attempt, text, reasoning }];
  // A request that broke off and is asked again begins anew.
  const begun = known.attempt === attempt ? known : { ...known, attempt, text: "", reasoning: "" };
  const next = { ...begun, text: begun.text + text, reasoning: begun.reasoning + reasoning };
  return streams.map((stream) => (stream === known ? next : stream));
}

/** The runs after rows were labelled. */
export function withLabel(runs: readonly Run[], id: string, label: Label | null): Run[] {
  return runs.map((run) =>
    run.rows.some(({ row }) => row.id === id)
      ? { ...run, rows: run.rows.map((one) => (one.row.id === id ? { ...one, row: { ...one.row, label } } : one)) }
      : run,
  );
}

/** How many problems there are to look at. */
export const resultCount = (runs: readonly Run[]): number => runs.reduce((sum, { rows, more }) => sum + rows.length + more, 0);

/** What is worth keeping over a reload of the window: finished runs, as many of the newest as have few rows together. */
export function keptRuns(runs: readonly Run[], mostRows: number): Run[] {
  let left = mostRows;
  return runs.filter((run) => {
    if (isRunning(run)) return false;
    left -= run.rows.length;
    return left >= 0;
  });
}

import type { Problem } from "#protocol/errors.ts";
import type { Result, ServerNotifications } from "#protocol/messages.ts";
import type { PanelEvents, PreviewRun } from "#protocol/panels.ts";

type Event = ServerNotifications["generate/event"];

/** Runs whose events are kept for a panel that is made anew. */
const MOST_RUNS = 10;

/** What a run does is told to its panel, and kept: a panel that was hidden is made anew when it is shown. A closed panel stops no run. */
export interface PreviewRuns {
  begin(run: Omit<PreviewRun, "done" | "problem">, work: (signal: AbortSignal) => Promise<Result<"generate/run">>): void;
  event(event: Event): void;
  stop(run: string): void;
  /** Tells everything once more. */
  replay(): void;
}

interface Kept {
  state: PreviewRun;
  events: Event[];
  abort: AbortController;
}

export function createRuns(
  post: <K extends "preview/run" | "generate/event">(event: K, data: PanelEvents[K]) => void,
  problemOf: (thrown: unknown) => Problem,
): PreviewRuns {
  const kept = new Map<string, Kept>();

  return {
    begin(begun, work) {
      const run: Kept = { state: { ...begun, done: null, problem: null }, events: [], abort: new AbortController() };
      kept.set(begun.run, run);
      const ended = [...kept.values()].filter(({ state }) => state.done !== null || state.problem !== null);
      for (const { state } of ended.slice(0, Math.max(0, kept.size - MOST_RUNS))) kept.delete(state.run);
      post("preview/run", run.state);
      const end = (how: Pick<PreviewRun, "done" | "problem">) => {
        run.state = { ...run.state, ...how };
        post("preview/run", run.state);
      };
      work(run.abort.signal).then(
        (done) => end({ done, problem: null }),
        (thrown) => end({ done: null, problem: problemOf(thrown) }),
      );
    },
    event(event) {
      const run = kept.get(event.run);
      if (run === undefined) return;
      keep(run.events, event);
      post("generate/event", event);
    },
    stop: (run) => kept.get(run)?.abort.abort(),
    replay() {
      for (const { state, events } of kept.values()) {
        post("preview/run", { ...state, done: null, problem: null });
        for (const event of events) post("generate/event", event);
        if (state.done !== null || state.problem !== null) post("preview/run", state);
      }
    },
  };
}

/** Keeps what a panel needs to show the run as it stands: texts as they have grown, the last progress, every row. */
function keep(events: Event[], event: Event): void {
  const { event: what } = event;
  if (what.type === "delta") {
    const at = events.findLastIndex((one) => one.event.type === "delta" && one.event.key === what.key);
    const before = events[at]?.event;
    if (before?.type === "delta" && before.attempt === what.attempt) {
      const grown = { ...what, text: before.text + what.text, reasoning: before.reasoning + what.reasoning };
      events[at] = { ...event, event: grown };
      return;
    }
  }
  if (what.type === "progress" || what.type === "preparing") {
    const at = events.findLastIndex((one) => one.event.type === what.type);
    if (at !== -1) events.splice(at, 1);
  }
  events.push(event);
}

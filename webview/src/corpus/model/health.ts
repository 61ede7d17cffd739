import type { Dataset, Progress } from "#protocol/corpus.ts";
import type { Problem } from "#protocol/errors.ts";
import type { PanelEvents } from "#protocol/panels.ts";
import { type Backend, problemOf } from "./backend.ts";
import type { Clock } from "./clock.ts";
import { createLatest } from "./latest.ts";

/** How the dataset, the index and the server are. */
export interface Health {
  readonly info: Dataset | null;
  /** Why the rows may be older than the project's files: somebody else writes to the index, a labels file cannot be read. */
  readonly problem: Problem | null;
  /** How often it was looked in vain for the end of that problem. */
  readonly tries: number;
  /** The dataset was there and is not any more: its rows are only read. */
  readonly gone: boolean;
  readonly server: PanelEvents["server"];
  readonly rebuild: Rebuild | null;
  /** Asks again how the dataset is. Problems are left to the list, which meets them, too. */
  look(dataset: string): Promise<void>;
  serverIs(state: PanelEvents["server"]): void;
  progress(event: PanelEvents["progress"]): void;
  /** Makes the index anew. Resolves with its rows; null where it was cancelled. @throws what the backend throws */
  rebuildIndex(): Promise<{ rows: number; problems: Problem[] } | null>;
  cancelRebuild(): void;
}

export interface Rebuild {
  progress: Progress | null;
  /** Of the clock. */
  began: number;
  /** As long as it goes on as fast as so far; null while that cannot be said. */
  secondsLeft: number | null;
}

/** What is over sooner tells nothing of what is to come. */
const TELLING_MS = 1_000;

export function createHealth(backend: Backend, clock: Clock, onChange: () => void): Health {
  const looking = createLatest();
  const rebuilding = createLatest();
  const token = `rebuild-${Math.random().toString(36).slice(2)}`;
  let info: Dataset | null = null;
  let gone = false;
  let problem: Problem | null = null;
  let tries = 0;
  let server: PanelEvents["server"] = { state: "ready", problem: null };
  let rebuild: Rebuild | null = null;

  return {
    get info() {
      return info;
    },
    get problem() {
      return problem;
    },
    get tries() {
      return tries;
    },
    get gone() {
      return gone;
    },
    get server() {
      return server;
    },
    get rebuild() {
      return rebuild;
    },
    async look(dataset) {
      try {
        const found = await looking.run((signal) => backend.request("corpus/datasets", {}, signal));
        if (found === undefined) return;
        const mine = found.datasets.find(({ name }) => name === dataset);
        gone = mine === undefined && info !== null && found.problem === null;
        info = mine ?? info;
        tries = found.problem !== null && found.problem.code === problem?.code ? tries + 1 : 0;
        problem = found.problem;
      } catch {
        // The list meets the same problem and says it.
      }
      onChange();
    },
    serverIs(state) {
      server = state;
      onChange();
    },
    progress(event) {
      if (event.token !== token || rebuild === null) return;
      const { done, total } = event.progress;
      const elapsed = clock.now() - rebuild.began;
      const known = total !== undefined && done > 0 && elapsed >= TELLING_MS;
      rebuild = { ...rebuild, progress: event.progress, secondsLeft: known ? ((elapsed / done) * (total - done)) / 1_000 : null };
      onChange();
    },
    async rebuildIndex() {
      rebuild = { progress: null, began: clock.now(), secondsLeft: null };
      onChange();
      try {
        return (await rebuilding.run((signal) => backend.request("corpus/rebuild", { progress: token }, signal))) ?? null;
      } catch (thrown) {
        if (problemOf(thrown).code === "cancelled") return null;
        throw thrown;
      } finally {
        rebuild = null;
        onChange();
      }
    },
    cancelRebuild: () => rebuilding.stop(),
  };
}

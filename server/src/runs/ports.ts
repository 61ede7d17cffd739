import type { CorpusStore } from "../thread.ts";

/** What a run needs from the outside; the composition root gives it. */
export interface RunPorts {
  projectDir: string;
  store: CorpusStore;
}

import type { ServerContext } from "./context.ts";

/** Changes of one project are told at most this often. */
const EVERY_MS = 300;

/** Tells the editor that rows of a dataset have come, a few times a second and not for each. */
export interface Changes {
  rows(dataset: string): void;
  /** Tells at once what is still held. */
  flush(): void;
}

export function collectChanges(context: Pick<ServerContext, "notify">, project: string): Changes {
  const held = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (held.size === 0) return;
    context.notify("corpus/changed", { project, datasets: [...held], reason: "rows" });
    held.clear();
  };
  return {
    flush,
    rows(dataset) {
      held.add(dataset);
      timer ??= setTimeout(flush, EVERY_MS);
    },
  };
}

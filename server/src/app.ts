import { createHash } from "node:crypto";
import { basename, extname } from "node:path";
import type { ImportReport, Progress } from "#protocol/corpus.ts";
import { type Problem, toProblem } from "#protocol/errors.ts";
import { entries } from "./entries.ts";
import type { ImportArgs } from "./ingest/import-file.ts";
import { cacheDir } from "./project/cache.ts";
import { ensureDataFolder, projectPath } from "./project/root.ts";
import { type GenerateObserver, type GenerateOptions, type GenerateReport, generate } from "./runs/generate.ts";
import { detachedSend } from "./runs/start-send.ts";
import { locateIndex } from "./store/place.ts";
import { createStore } from "./store/threads.ts";
import type { CorpusStore } from "./thread.ts";

interface CallOptions {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** One project, opened: what the terminal's verbs and the editor's messages call. */
export interface App {
  readonly projectDir: string;
  readonly store: CorpusStore;
  /** Where the index lies. */
  readonly indexPath: string;
  /**
   * Takes in whatever jobs, other processes and people wrote since. Where the index cannot be written to, what it holds can still be
   * read: that problem is given as `stale`, not thrown. `skipped`: lines of labels files that do not count.
   */
  catchUp(signal: AbortSignal): Promise<{ stale: Problem | null; skipped: Problem[] }>;
  importFile(args: ImportArgs, options: CallOptions): Promise<ImportReport>;
  /** Imports a file of seeds into a dataset of its own, named after it. */
  importSeeds(file: string, options: CallOptions): Promise<ImportReport>;
  /** Generates with a job that outlives this process. */
  generate(options: Omit<GenerateOptions, "send">, observer: GenerateObserver): Promise<GenerateReport>;
  close(): Promise<void>;
}

/** Opens a project. Nothing is read before it is asked for. */
export async function createApp({ projectDir }: { projectDir: string }): Promise<App> {
  await ensureDataFolder(projectDir);
  const indexPath = await locateIndex(projectDir, cacheDir());
  const store: CorpusStore = createStore({ path: indexPath, project: projectDir, entry: entries.thread });
  const app: App = {
    projectDir,
    store,
    indexPath,
    async catchUp(signal) {
      try {
        const { problems } = await store.write("catchUp", null, { signal });
        return { stale: null, skipped: problems.filter(({ code }) => code.startsWith("labels/")) };
      } catch (thrown) {
        const problem = toProblem(thrown);
        if (problem.code !== "index/read-only") throw thrown;
        return { stale: problem, skipped: [] };
      }
    },
    importFile: (args, options) => store.write("importFile", args, options),
    importSeeds: (file, options) => app.importFile({ file, dataset: seedDataset(projectDir, file) }, options),
    generate: (options, observer) =>
      generate({ projectDir, store }, { ...options, send: detachedSend(entries.send, process.env) }, observer),
    close: () => store.close(),
  };
  return app;
}

/** Two files of the same name are two datasets: a short hash of the path tells them apart where the file lies outside `data/`. */
function seedDataset(projectDir: string, file: string): string {
  const path = projectPath(projectDir, file);
  const stem =
    basename(path, extname(path))
      .replace(/[^A-Za-z0-9_.-]+/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 80) || "seeds";
  if (path === `data/${basename(path)}`) return stem;
  return `${stem}-${createHash("sha256").update(path).digest("hex").slice(0, 6)}`;
}

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createStore } from "../../server/src/store/threads.ts";
import type { CorpusStore } from "../../server/src/thread.ts";

/** Exports the dataset “set” of a project to a target from a store's thread, and tells the report on stderr. */
const [project = "", to = ""] = process.argv.slice(2);
// Asking for it makes a pipe one that does not block, as the terminal's face does.
process.stdout.on("error", () => {});
const store: CorpusStore = createStore({
  path: join(project, ".jiuzhang", "corpus.db"),
  project,
  entry: fileURLToPath(new URL("../../server/src/thread.ts", import.meta.url)),
});
process.stderr.write(JSON.stringify(await store.read("exportRows", { dataset: "set", where: [], to })));
await store.close();

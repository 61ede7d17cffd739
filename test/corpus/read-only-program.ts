import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toProblem } from "#protocol/errors.ts";
import { createStore } from "../../server/src/store/threads.ts";
import type { CorpusStore } from "../../server/src/thread.ts";

/** Reads and tries to write the project named, and prints what came of each as JSON. */
const project = process.argv[2] ?? "";
const entry = fileURLToPath(new URL("../../server/src/thread.ts", import.meta.url));
const store: CorpusStore = createStore({ path: join(project, ".jiuzhang", "corpus.db"), project, entry });
const outcome = async (work: Promise<unknown>) => await work.catch((thrown) => toProblem(thrown).code);
console.log(
  JSON.stringify({
    rows: await outcome(store.read("countRows", { dataset: "set", where: [] })),
    searched: await outcome(store.read("countRows", { dataset: "set", where: [], search: "text" })),
    write: await outcome(store.write("catchUp", {})),
  }),
);
await store.close();

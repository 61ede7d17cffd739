import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { fail, toProblem } from "#protocol/errors.ts";
import type { Change, corpusRequests } from "#protocol/messages/corpus.ts";
import type { App } from "../app.ts";
import { datasetNameOf } from "../ingest/registry.ts";
import type { Changed, Wanted } from "../labels/change.ts";
import { projectPath } from "../project/root.ts";
import type { Call, Handlers, ServerContext } from "./context.ts";
import { inCorpus } from "./corpus-problems.ts";
import { tellProgress } from "./progress.ts";
import { takeIn } from "./take-in.ts";

export const corpusHandlers: Handlers<keyof typeof corpusRequests> = {
  async "corpus/datasets"(context, { project }, { signal }) {
    const app = await context.projects.open(project);
    return await inCorpus(app, async () => {
      const problem = await takeIn(context, project, app, signal);
      return { datasets: await app.store.read("datasets", null, { signal }), problem };
    });
  },

  async "corpus/page"(context, { project, query }, call) {
    const began = performance.now();
    const page = await reading(context, project, call, (app) => app.store.read("listPage", query, call));
    return { ...page, milliseconds: performance.now() - began };
  },

  async "corpus/anchors"(context, { project, ...selection }, call) {
    return await reading(context, project, call, (app) => app.store.read("anchors", selection, call));
  },

  async "corpus/facets"(context, { project, ...selection }, call) {
    return await reading(context, project, call, (app) => app.store.read("facets", selection, call));
  },

  async "corpus/count"(context, { project, ...selection }, call) {
    return { rows: await reading(context, project, call, (app) => app.store.read("countRows", selection, call)) };
  },

  async "corpus/walk"(context, { project, id }, call) {
    return await reading(context, project, call, (app) => app.store.read("walk", { id }, call));
  },

  async "corpus/label"(context, { project, ids, label, why }, call) {
    return said(await change(context, project, { kind: "label", rows: ids, label, why: orNull(why) }, call));
  },

  async "corpus/edit"(context, { project, id, text, solution, answer }, call) {
    const edit = { kind: "edit", row: id, text, solution: orNull(solution), answer: orNull(answer) } as const;
    const changed = await change(context, project, edit, call);
    if (changed.row === null) throw fail("internal", "The edited row is not in the index");
    return { ...said(changed), row: changed.row };
  },

  async "corpus/delete"(context, { project, ids }, call) {
    return said(await change(context, project, { kind: "delete", rows: ids }, call));
  },

  async "corpus/undo"(context, { project, entry }, call) {
    return { undone: (await change(context, project, { kind: "undo", entry }, call)).change };
  },

  async "corpus/export"(context, { project, to, progress, ...selection }, { signal }) {
    const path = fileOf(to);
    const onProgress = tellProgress(context, progress);
    const report = await reading(context, project, { signal }, (app) =>
      app.store.read("exportRows", { ...selection, to: path }, { signal, onProgress }),
    );
    const { projectDir } = await context.projects.open(project);
    return { ...report, file: projectPath(projectDir, path) };
  },

  async "corpus/import"(context, { project, file: uri, dataset: given, name, progress }, { signal }) {
    const app = await context.projects.open(project);
    const file = fileOf(uri);
    const dataset = given ?? datasetNameOf(name ?? basename(file));
    const args = { file, dataset, ...(name === undefined ? {} : { name }) };
    const changed = () => context.notify("corpus/changed", { project, datasets: [dataset], reason: "rows" });
    try {
      const work = () => app.importFile(args, { signal, onProgress: tellProgress(context, progress) });
      return await inCorpus(app, work);
    } finally {
      // What has been taken in before an import was cancelled is there.
      changed();
    }
  },

  async "corpus/rebuild"(context, { project, progress }, { signal }) {
    const app = await context.projects.open(project);
    const work = () => app.store.write("rebuild", null, { signal, onProgress: tellProgress(context, progress) });
    const { rows, problems } = await inCorpus(app, work);
    context.notify("corpus/changed", { project, datasets: null, reason: "rebuilt" });
    return { rows, problems };
  },
};

/** Reads from the index. Where it was lost, the dataset comes back with the project's files before it counts as gone. */
async function reading<T>(context: ServerContext, project: string, { signal }: Call, read: (app: App) => Promise<T>): Promise<T> {
  const app = await context.projects.open(project);
  return await inCorpus(app, async () => {
    try {
      return await read(app);
    } catch (thrown) {
      if (toProblem(thrown).code !== "usage/not-found") throw thrown;
      const taken = await app.store.write("catchUp", null, { signal }).catch(() => null);
      if (taken === null || taken.rows === 0) throw thrown;
      return await read(app);
    }
  });
}

async function change(context: ServerContext, project: string, wanted: Wanted, { signal }: Call): Promise<Changed> {
  const app = await context.projects.open(project);
  const work = () => app.store.write("changeRows", { person: context.person(), wanted }, { signal });
  const changed = await inCorpus(app, work);
  if (changed.datasets.length > 0) context.notify("corpus/changed", { project, datasets: changed.datasets, reason: "labels" });
  return changed;
}

function said({ change }: Changed): Change {
  if (change === null) throw fail("internal", "A label, edit or deletion was not written");
  return change;
}

/** Fields that the user left empty hold nothing. */
const orNull = (text: string | null): string | null => (text === null || text.trim() === "" ? null : text);

/** @throws usage/invalid-argument */
function fileOf(uri: string): string {
  try {
    return fileURLToPath(uri);
  } catch (thrown) {
    throw fail("usage/invalid-argument", `“${uri}” is no file on this machine`, {
      remedy: "Choose a file on the machine where the project lies.",
      cause: thrown,
    });
  }
}

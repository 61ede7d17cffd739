import { join } from "node:path";
import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import { fail } from "#protocol/errors.ts";
import type { GenerateEvent } from "#protocol/messages/generate.ts";
import type { Params } from "#protocol/messages.ts";
import type { App } from "../app.ts";
import { importSelection, SELECTIONS } from "../ingest/selection.ts";
import { jobsDirectory } from "../jobs/layout.ts";
import { chooseEndpoint } from "../runs/target.ts";
import { withKey } from "./asked.ts";
import { collectChanges } from "./changes.ts";
import type { Handlers } from "./context.ts";
import { forEditor, inEditor } from "./editor-words.ts";
import { pathOfDocument, readDocument } from "./preview/document.ts";
import { refuseUntrusted } from "./trust.ts";

export const generateHandlers: Handlers<"generate/run" | "generate/running" | "generate/stop"> = {
  "generate/run": (context, params, { signal }) =>
    inEditor(async () => {
      refuseUntrusted(context, "Asking a model");
      const { project, run, count, dataset, budget } = params;
      const app = await context.projects.open(project);
      const endpoint = await chooseEndpoint(app.projectDir, params.endpoint === null ? {} : { endpoint: params.endpoint }, process.env);
      refuseBudget(endpoint, budget);
      const { template, path } = await readDocument(context, app.projectDir, params.template);
      const asked = await withKey(context, endpoint);
      const changes = collectChanges(context, project);
      const seeds = await seedsOf(app, params, signal);
      if (params.seeds.from === "text") changes.rows(SELECTIONS);
      const onEvent = (event: GenerateEvent) => {
        if (event.type === "row" || event.type === "more") changes.rows(dataset);
        const told: GenerateEvent = event.type === "warning" ? { type: "warning", problem: forEditor(event.problem) } : event;
        context.notify("generate/event", { project, run, event: told });
      };
      const request = { ...asked, projectDir: app.projectDir, template: { path, source: template.source }, seeds, count, dataset, budget };
      try {
        return await context.runner.generate(request, { store: app.store, onEvent, signal });
      } finally {
        changes.flush();
      }
    }),

  async "generate/running"(context, { project }, { signal }) {
    const { runningJobs } = await import("../runs/running-jobs.ts");
    return { jobs: await runningJobs(await context.projects.open(project), signal) };
  },

  async "generate/stop"(context, { project, job }) {
    if (!/^[a-z]+-[0-9a-f]+$/.test(job)) throw fail("usage/invalid-argument", `“${job}” is no job`);
    const app = await context.projects.open(project);
    const { stopJob } = await import("../runs/follow.ts");
    const dir = join(jobsDirectory(app.projectDir), job);
    const stopped = await stopJob(dir);
    const { dataset } = await app.store.write("ingestJob", { dir });
    context.notify("corpus/changed", { project, datasets: [dataset], reason: "rows" });
    return { stopped };
  },
};

/** A budget that nothing is counted against would never stop anything. */
function refuseBudget({ name, price }: EndpointDeclaration, budget: number | null): void {
  if (budget === null || price !== null) return;
  throw fail("usage/invalid-argument", `A budget needs the price of endpoint “${name}”`, {
    remedy: "Give its price per million tokens in jiuzhang.yaml (price: { prompt, completion }), or leave the budget out.",
    data: { endpoint: name },
  });
}

async function seedsOf(app: App, { seeds }: Params<"generate/run">, signal: AbortSignal) {
  switch (seeds.from) {
    case "row":
      return { rows: [await app.store.read("seedRow", { dataset: seeds.dataset, id: seeds.id }, { signal })] };
    case "text": {
      const path = pathOfDocument(app.projectDir, seeds.uri);
      const selection = { text: seeds.text, path, line: seeds.line };
      const { dataset, sha256 } = await importSelection(app.projectDir, selection, (args) => app.importFile(args, { signal }));
      return { import: { dataset, sha256 } };
    }
    case "dataset":
      return { dataset: seeds.dataset };
    default:
      return { none: true as const };
  }
}

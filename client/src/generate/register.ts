import { window } from "vscode";
import { registerCommand } from "../commands/register.ts";
import type { ClientContext } from "../context.ts";
import { pick } from "../endpoints/ask.ts";
import type { PreviewPanels } from "../preview/panels.ts";
import { ProblemError } from "../server/server.ts";
import { count } from "../status/words.ts";
import { activeTemplate, chooseCount, chooseSeeds, chooseTemplate, createMemory } from "./choose.ts";
import { createEndedItem } from "./ended-item.ts";
import type { GenerationRequest } from "./generations.ts";
import { generateInDocument } from "./in-document.ts";
import { followRunningJobs } from "./running-jobs.ts";

/** The commands that generate: from a template, from selected text; and the one that stops. */
export function registerGenerate(context: ClientContext, previews: PreviewPanels): void {
  const { projects, settings, server, extension, generations } = context;
  const memory = createMemory(context);
  const running = followRunningJobs(context);
  const ended = createEndedItem(extension.subscriptions);

  /** Into the preview of the template where one is open, else into a document. */
  const generate = async (request: GenerationRequest) => {
    const preview = previews.showing(request.template);
    if (preview === null) return await generateInDocument(context, request, ended);
    preview.generate(request);
  };

  registerCommand(context, "jiuzhang.generate", async (argument?: unknown) => {
    const target = datasetOf(argument);
    const template = await chooseTemplate(argument, { active: target === null ? activeTemplate(previews) : null, last: lastTemplate() });
    const project = target?.project ?? (await projects.need(template));
    const { seeds: last, count: lastCount } = memory.get(project);
    const uri = template.toString();
    const endpoint = settings.get("jiuzhang.endpoint", template);
    const chosen =
      target === null
        ? await chooseSeeds(context, project, { preview: requestOf(previews, uri), last })
        : { seeds: { from: "dataset" as const, dataset: target.dataset }, key: `dataset ${target.dataset}` };
    const request = { project, template: uri, seeds: chosen.seeds, endpoint };
    const problems = await chooseCount(() => generations.price({ ...request, count: 1 }), {
      last: lastCount ?? settings.get("jiuzhang.count", template),
    });
    memory.set(project, { template: uri, seeds: chosen.key, count: problems });
    await extension.workspaceState.update(LAST_TEMPLATE, uri);
    await generate({ ...request, count: problems });
  });

  registerCommand(context, "jiuzhang.generateFromSelection", async () => {
    const editor = window.activeTextEditor;
    const text = editor?.document.getText(editor.selection) ?? "";
    if (editor === undefined || text.trim() === "")
      throw new ProblemError({
        code: "usage/invalid-argument",
        message: "Nothing is selected",
        remedy: "Select the text that shall be the seed.",
      });
    const { document, selection } = editor;
    const template = await chooseTemplate(undefined, { active: null, last: lastTemplate() });
    const project = await projects.need(document.uri.scheme === "file" ? document.uri : template);
    const uri = template.toString();
    const seeds = { from: "text" as const, text, uri: document.uri.toString(), line: selection.start.line + 1 };
    const request = { project, template: uri, seeds, endpoint: settings.get("jiuzhang.endpoint", template) };
    const title = "Generate problems from selection";
    const problems = await chooseCount(() => generations.price({ ...request, count: 1 }), { last: 1, title });
    await extension.workspaceState.update(LAST_TEMPLATE, uri);
    await generate({ ...request, count: problems });
  });

  registerCommand(context, "jiuzhang.stopGeneration", async () => {
    const own = generations.running.map((generation) => ({
      label: `$(debug-stop) ${generation.title}`,
      description: "this window",
      stop: async () => generation.stop(),
    }));
    const foreign = (await running.look()).map(({ project, job, dataset, done, total }) => ({
      label: `$(debug-stop) Writing into ${dataset}`,
      description: `${count(done)} of ${count(total)} · begun elsewhere`,
      async stop() {
        const { stopped } = await server.request("generate/stop", { project, job });
        if (!stopped)
          throw new ProblemError({
            code: "job/busy",
            message: "The job has not stopped yet",
            remedy: "It may run in another window: stop it there.",
          });
        await running.look();
        window.setStatusBarMessage("$(check) Stopped; what had come is kept", 10_000);
      },
    }));
    const all = [...own, ...foreign];
    const [only] = all;
    if (only === undefined) {
      window.setStatusBarMessage("$(info) Nothing is being generated", 10_000);
      return;
    }
    const chosen = all.length === 1 ? only : await pick(all, { title: "Stop generation", placeHolder: "Which one?" });
    await chosen.stop();
  });

  function lastTemplate(): string | null {
    return extension.workspaceState.get<string>(LAST_TEMPLATE) ?? null;
  }
}

const LAST_TEMPLATE = "generate template";

/** What the preview of a template would generate from now; null where none is open, or it cannot. */
function requestOf(previews: PreviewPanels, uri: string): Pick<GenerationRequest, "seeds"> | null {
  try {
    return previews.showing(uri)?.model.request() ?? null;
  } catch {
    // A broken template is told by the run itself.
    return null;
  }
}

/** A node of the tree of datasets. */
function datasetOf(argument: unknown): { project: string; dataset: string } | null {
  if (typeof argument !== "object" || argument === null) return null;
  const { project, dataset } = argument as { project?: unknown; dataset?: unknown };
  return typeof project === "string" && typeof dataset === "string" ? { project, dataset } : null;
}

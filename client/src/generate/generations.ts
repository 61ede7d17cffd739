import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Uri, window } from "vscode";
import type { ErrorCode, Problem } from "#protocol/errors.ts";
import type { GenerateDone } from "#protocol/messages/generate.ts";
import type { Params } from "#protocol/messages.ts";
import type { ClientContext } from "../context.ts";
import { type Action, actionsFor } from "../problems/actions.ts";
import { problemOf } from "../problems/show.ts";
import { ProblemError } from "../server/server.ts";
import { counted, money } from "../status/words.ts";

/** What is to be generated; the rest is the settings'. */
export type GenerationRequest = Pick<Params<"generate/run">, "project" | "template" | "seeds" | "count" | "endpoint">;

/** A run of this window. */
export interface Generation {
  run: string;
  title: string;
  project: string;
  /** Known when it is planned. */
  job: string | null;
  stop(): void;
}

/** The runs of this window, from wherever they were begun. */
export interface Generations {
  readonly running: readonly Generation[];
  /** Asks the user where a run is expected to cost more than the setting allows. @throws ProblemError cancelled where they say no */
  confirm(request: GenerationRequest): Promise<void>;
  /** Asks a model, for which the user was asked where that is needed. @throws ProblemError, with the buttons that lead on */
  run(request: GenerationRequest, how: { run: string; signal: AbortSignal }): Promise<GenerateDone>;
  /** What a run is expected to cost, null where nothing is paid or nobody can say. */
  price(request: GenerationRequest): Promise<number | null>;
}

type Needs = Pick<ClientContext, "server" | "settings" | "status">;

export function createGenerations({ server, settings, status }: Needs): Generations {
  const running: Generation[] = [];

  const price = async ({ project, template: uri, seeds, count, endpoint }: GenerationRequest): Promise<number | null> => {
    const seed = seeds.from === "row" ? { dataset: seeds.dataset, id: seeds.id } : null;
    const { rendering } = await server.request("preview/render", { project, uri, seed, endpoint });
    const cost = rendering?.tokens.cost ?? null;
    return cost === null ? null : cost * count;
  };

  const confirm = async (request: GenerationRequest): Promise<void> => {
    const most = settings.get("jiuzhang.confirmAbove", Uri.parse(request.template));
    if (most === null) return;
    // What keeps a price from being told also keeps the run from beginning, and is told by that.
    const cost = await price(request).catch(() => null);
    if (cost === null || cost <= most) return;
    const generate = "Generate";
    const chosen = await window.showWarningMessage(
      `${counted(request.count, "problem")} will cost about ${money(cost)}.`,
      { modal: true, detail: `More than ${money(most)} is asked about first (setting “jiuzhang.confirmAbove”).` },
      generate,
    );
    if (chosen !== generate) throw new ProblemError({ code: "cancelled", message: "Cancelled" });
  };

  return {
    running,
    price,
    confirm,
    async run(request, { run, signal }) {
      const title = `Writing ${counted(request.count, "problem")}`;
      const abort = new AbortController();
      const stop = () => abort.abort();
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
      const generation: Generation = { run, title, project: request.project, job: null, stop };
      running.push(generation);
      const item = status.busy(title);
      const heard = server.on("generate/event", ({ run: of, event }) => {
        if (of !== run) return;
        if (event.type === "plan") generation.job = event.job;
        if (event.type === "progress" && event.total > 1) item.update(`${title}: ${event.done} of ${event.total}`);
      });
      const dataset = settings.get("jiuzhang.dataset", Uri.parse(request.template));
      try {
        return await server.request("generate/run", { ...request, run, dataset, budget: null }, abort.signal);
      } catch (thrown) {
        throw new ProblemError(inProject(problemOf(thrown), request.project), actionsOf(thrown, request));
      } finally {
        signal.removeEventListener("abort", stop);
        running.splice(running.indexOf(generation), 1);
        heard.dispose();
        item.dispose();
      }
    },
  };
}

/** Problems name files as the project does; a button that opens one needs the whole path. */
function inProject(problem: Problem, project: string): Problem {
  const file = problem.where?.file;
  if (file === undefined || isAbsolute(file)) return problem;
  const path = join(fileURLToPath(project), file);
  // An untitled template lies nowhere.
  const { file: _, ...place } = problem.where ?? {};
  return { ...problem, where: existsSync(path) ? { ...place, file: path } : place };
}

/** Buttons that know which endpoint or model is meant. */
function actionsOf(thrown: unknown, { project, endpoint }: GenerationRequest): Action[] {
  const { code: own, data } = problemOf(thrown);
  // A job fails for the reason of its last request: what helps there helps here.
  const cause = typeof data?.cause === "string" ? (data.cause as ErrorCode) : null;
  const code = cause ?? own;
  const name = typeof data?.endpoint === "string" ? data.endpoint : endpoint;
  if ((code === "model/missing-key" || code === "model/wrong-key") && name !== null)
    return [{ title: "Set API Key…", command: "jiuzhang.setKey", args: [{ project, endpoint: name }] }];
  if (code === "engine/not-installed" && typeof data?.model === "string")
    return [{ title: "Install", command: "jiuzhang.installEngine", args: [{ model: data.model }] }];
  if (code === "model/unreachable" && name !== null)
    return [{ title: "Test Endpoint", command: "jiuzhang.testEndpoint", args: [{ project, endpoint: name }] }];
  return cause === null ? [] : actionsFor(cause);
}

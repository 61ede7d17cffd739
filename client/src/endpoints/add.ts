import { Uri, window, workspace } from "vscode";
import type { Problem } from "#protocol/errors.ts";
import type { NewEndpoint } from "#protocol/messages/endpoints.ts";
import type { ClientContext } from "../context.ts";
import { plain } from "../problems/plain.ts";
import { ProblemError } from "../server/server.ts";
import { hostOf } from "../views/lines.ts";
import { addEmbedded } from "./add-embedded.ts";
import { cancelled, pick, separator, type } from "./ask.ts";
import { askKey } from "./keys.ts";
import { addressProblem, nameProblem, originOf, secretName, suggestName } from "./names.ts";
import { chooseSource, type Source } from "./sources.ts";
import { answerWords, testDraft } from "./test-work.ts";
import { writeEndpoint } from "./write.ts";

/** What is known of an endpoint on its way into the recipe. */
interface Plan {
  baseUrl: string;
  /** Typed now. */
  key: string | null;
  /** The editor's storage has a key for this service, and the user wants it. */
  stored: boolean;
  model: string;
  name: string;
}

/**
 * Adds an endpoint by a few questions: where, key, which model, its name. It is asked once before it is written; what fails can be
 * changed, saved all the same, or left. `argument`: a server that was found, or the project.
 */
export async function addEndpoint(context: ClientContext, argument: unknown): Promise<void> {
  if (!workspace.isTrusted)
    throw new ProblemError({ code: "project/untrusted", message: "Adding an endpoint waits until you trust this folder" });
  const given = readArgument(argument);
  const project = given.project ?? (await context.projects.need());
  const { endpoints } = await context.server.request("endpoints/list", { project });
  const taken = endpoints.flatMap(({ name, line }) => (line === null ? [] : [name]));
  const source = given.source ?? (await chooseSource(context));
  if (source.kind === "embedded") await addEmbedded(context, project, taken);
  else await addServed(context, project, taken, source);
}

async function addServed(context: ClientContext, project: string, taken: readonly string[], source: Source): Promise<void> {
  const plan: Plan = { baseUrl: "", key: null, stored: false, model: "", name: "" };
  plan.baseUrl = source.kind === "service" ? source.baseUrl : await askAddress("");
  plan.name = suggestName(plan.baseUrl, taken);
  if (source.kind === "address" || (source.kind === "service" && source.keyed)) await askForKey(context, plan, source.kind === "service");
  await chooseModel(context, project, plan, source.kind === "service" ? source.models : []);
  plan.name = await type({
    title: "Name of the endpoint",
    prompt: "How jiuzhang.yaml, the preview and the command line call it",
    value: suggestName(plan.baseUrl, taken),
    check: (text) => nameProblem(text, taken),
  });
  for (;;) {
    const test = await testDraft(context, project, { endpoint: endpointOf(plan), key: plan.key }, true);
    if (test.problem === null) return await save(context, project, plan, answerWords(plan.name, test));
    const next = await afterFailure(test.problem, plan);
    if (next === "save") return await save(context, project, plan, "it did not answer when it was tested");
    if (next === "address") plan.baseUrl = await askAddress(plan.baseUrl);
    if (next === "key") await askForKey(context, plan, true);
    if (next === "model") await chooseModel(context, project, plan, test.models);
  }
}

const endpointOf = (plan: Plan): NewEndpoint => ({
  name: plan.name,
  base_url: plan.baseUrl,
  model: plan.model === "" ? "unknown" : plan.model,
  embedded: false,
  secret: plan.key !== null || plan.stored ? secretName(plan.baseUrl, plan.name) : null,
});

const askAddress = (value: string): Promise<string> =>
  type({
    title: "Address of the server",
    prompt: "The base URL of its OpenAI-compatible API",
    value: value === "" ? "http://" : value,
    placeHolder: "http://127.0.0.1:8000/v1",
    check: addressProblem,
  });

async function askForKey(context: ClientContext, plan: Plan, needed: boolean): Promise<void> {
  const secret = secretName(plan.baseUrl, plan.name);
  const host = hostOf(plan.baseUrl);
  plan.stored = false;
  if (plan.key === null && (await context.secrets.has(secret))) {
    const items = [
      { label: `$(key) Use the stored key “${secret}”`, stored: true },
      { label: "Type another key", stored: false },
    ];
    plan.stored = (await pick(items, { title: `API key of ${host}`, placeHolder: "Which key?" })).stored;
    if (plan.stored) return;
  }
  const value = await askKey(`API key of ${host}`, needed ? null : "Leave it empty where the server needs none");
  plan.key = value === "" ? null : value;
}

/** Asks the server for its models; where it has no list, the name is typed. */
async function chooseModel(context: ClientContext, project: string, plan: Plan, known: readonly string[]): Promise<void> {
  let models = known;
  while (models.length === 0) {
    const listed = await testDraft(context, project, { endpoint: endpointOf(plan), key: plan.key }, false);
    models = listed.models;
    const { problem } = listed;
    if (problem === null || !ANSWERS.has(problem.code)) break;
    const next = await afterFailure(problem, plan, "list");
    if (next === "save" || next === "model") break;
    if (next === "address") plan.baseUrl = await askAddress(plan.baseUrl);
    if (next === "key") await askForKey(context, plan, true);
  }
  const title = "Model";
  const other = { label: "$(edit) Another name…", model: null };
  const items = models.map((model) => ({ label: model, model }));
  const chosen =
    items.length === 0
      ? other
      : await pick<{ label: string; model: string | null }>([...items, separatorItem, other], {
          title,
          placeHolder: `Which model of ${hostOf(plan.baseUrl)}?`,
        });
  plan.model =
    chosen.model ??
    (await type({
      title,
      prompt: "The model's name, as the server knows it",
      value: plan.model,
      check: (text) => (text === "" ? "Give the model's name" : null),
    }));
}

const separatorItem = { ...separator(""), model: null };

/** Failures that say that nothing can be asked as things are; without a list of models a server may still answer. */
const ANSWERS = new Set<Problem["code"]>(["model/wrong-key", "model/missing-key", "model/unreachable"]);

type Next = "key" | "model" | "address" | "again" | "save";

async function afterFailure(problem: Problem, plan: Plan, during: "list" | "test" = "test"): Promise<Next> {
  const keyed = /key/.test(problem.code);
  const modelled = problem.code === "model/not-found";
  const changes: { label: string; description?: string; next: Next | "cancel" }[] = [
    { label: "Change the key…", next: "key" },
    ...(during === "test" ? [{ label: "Change the model…", description: plan.model, next: "model" as const }] : []),
    { label: "Change the address…", description: plan.baseUrl, next: "address" },
  ];
  // What is most likely to be wrong stands first.
  const likely = (next: Next | "cancel") =>
    (next === "key" && keyed) || (next === "model" && modelled) || (next === "address" && !keyed && !modelled);
  const items = [
    ...changes.filter(({ next }) => likely(next)),
    ...changes.filter(({ next }) => !likely(next)),
    { label: "Try again", next: "again" as const },
    { label: during === "list" ? "Go on without its list of models" : "Save it anyway", next: "save" as const },
    { label: "Cancel", next: "cancel" as const },
  ];
  const { next } = await pick(items, { title: problem.message, placeHolder: problem.remedy ?? "What now?" });
  if (next === "cancel") throw cancelled();
  return next;
}

async function save(context: ClientContext, project: string, plan: Plan, words: string): Promise<void> {
  const endpoint = endpointOf(plan);
  const written = await writeEndpoint(context, project, endpoint);
  if (endpoint.secret !== null && plan.key !== null)
    await context.secrets.store({ name: endpoint.secret, origin: originOf(plan.baseUrl), value: plan.key });
  await tellWritten(context, project, plan.name, words, written);
}

/** Says that an endpoint was added, and what is left to do where its recipe is not saved. */
export async function tellWritten(context: ClientContext, project: string, name: string, words: string, written: boolean): Promise<void> {
  context.endpointsChanged.fire();
  if (written) {
    window.setStatusBarMessage(`$(check) Endpoint “${name}” is added: ${words}`, 10_000);
    return;
  }
  const save = "Save";
  const chosen = await window.showInformationMessage(
    plain(`“${name}” stands in jiuzhang.yaml, which had unsaved changes. It can be asked when that is saved.`),
    save,
  );
  if (chosen !== save) return;
  await (await workspace.openTextDocument(Uri.joinPath(Uri.parse(project), "jiuzhang.yaml"))).save();
  context.endpointsChanged.fire();
}

function readArgument(argument: unknown): { project: string | null; source: Source | null } {
  if (typeof argument === "string" && argument.startsWith("file:")) return { project: argument, source: null };
  if (typeof argument !== "object" || argument === null) return { project: null, source: null };
  const { project, server = argument } = argument as { project?: unknown; server?: unknown };
  const { baseUrl, models } = server as { baseUrl?: unknown; models?: unknown };
  const source: Source | null =
    typeof baseUrl === "string"
      ? { kind: "service", baseUrl, keyed: false, models: Array.isArray(models) ? models.map(String) : [] }
      : null;
  return { project: typeof project === "string" ? project : null, source };
}

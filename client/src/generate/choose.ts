import { basename } from "node:path";
import { type QuickPickItem, Uri, window, workspace } from "vscode";
import type { Params } from "#protocol/messages.ts";
import type { ClientContext } from "../context.ts";
import { cancelled, pick, type } from "../endpoints/ask.ts";
import type { PreviewPanels } from "../preview/panels.ts";
import { isTemplate } from "../preview/template-editor.ts";
import { ProblemError } from "../server/server.ts";
import { counted, money } from "../status/words.ts";
import { comparePaths } from "../views/folders.ts";
import type { GenerationRequest } from "./generations.ts";

type Seeds = Params<"generate/run">["seeds"];

/** More templates than this make no list that anybody reads. */
const MOST_TEMPLATES = 1_000;
const MOST_COUNT = 1_000_000;

/** What was chosen the last time, by project. */
export interface Remembered {
  template: string | null;
  seeds: string | null;
  /** Null where no number was typed yet. */
  count: number | null;
}

export interface Memory {
  get(project: string): Remembered;
  set(project: string, chosen: Partial<Remembered>): void;
}

export function createMemory({ extension }: Pick<ClientContext, "extension">): Memory {
  const key = (project: string) => `generate ${project}`;
  const get = (project: string): Remembered => ({
    template: null,
    seeds: null,
    count: null,
    ...extension.workspaceState.get<Partial<Remembered>>(key(project)),
  });
  return { get, set: (project, chosen) => void extension.workspaceState.update(key(project), { ...get(project), ...chosen }) };
}

/** A template: the one that a command was given, the `active` one, else one that the user chooses. */
export async function chooseTemplate(argument: unknown, { active, last }: { active: Uri | null; last: string | null }): Promise<Uri> {
  const given = uriOf(argument) ?? active;
  if (given !== null) return given;
  const open = workspace.textDocuments.filter((document) => document.isUntitled && isTemplate(document)).map(({ uri }) => uri);
  const files = await workspace.findFiles("**/*.prompty", "**/{node_modules,.jiuzhang}/**", MOST_TEMPLATES);
  const items = [...open, ...files].map((uri) => ({
    label: basename(uri.path),
    description: uri.scheme === "file" ? workspace.asRelativePath(uri, (workspace.workspaceFolders ?? []).length > 1) : "not saved yet",
    uri,
  }));
  items.sort((a, b) => Number(b.uri.toString() === last) - Number(a.uri.toString() === last) || comparePaths(a.description, b.description));
  if (items.length === 0)
    throw new ProblemError(
      { code: "usage/not-found", message: "There is no template in the open folders", remedy: "Add the shipped ones." },
      [{ title: "Add Shipped Templates", command: "jiuzhang.addTemplates" }],
    );
  return (await pick(items, { title: "Generate problems", placeHolder: "With which template?" })).uri;
}

/** The template that the user is at: that of the active editor, or of the preview that has the focus. */
export function activeTemplate(previews: Pick<PreviewPanels, "current">): Uri | null {
  const editor = window.activeTextEditor;
  if (editor !== undefined) return isTemplate(editor.document) ? editor.document.uri : null;
  const preview = previews.current();
  return preview?.panel.active === true && preview.model.uri !== null ? Uri.parse(preview.model.uri) : null;
}

function uriOf(argument: unknown): Uri | null {
  if (argument instanceof Uri) return argument;
  const named = (argument as { resourceUri?: unknown } | undefined)?.resourceUri;
  return named instanceof Uri ? named : null;
}

type SeedItem = QuickPickItem & { key: string; seeds: Seeds | null };

/** Where the seeds come from: the preview's, a dataset, or none. @throws ProblemError cancelled */
export async function chooseSeeds(
  { server }: ClientContext,
  project: string,
  { preview, last }: { preview: Pick<GenerationRequest, "seeds"> | null; last: string | null },
): Promise<{ seeds: Seeds; key: string }> {
  const { datasets } = await server.request("corpus/datasets", { project });
  const ofPreview: SeedItem[] =
    preview?.seeds.from === "row"
      ? [{ label: "$(open-preview) The seed of the preview", description: preview.seeds.dataset, key: "preview", seeds: preview.seeds }]
      : [];
  const whole = datasets
    .filter(({ kind, rows }) => kind === "seed" && rows > 0)
    .map(
      ({ name, rows }): SeedItem => ({
        label: `$(file-text) ${name}`,
        description: counted(rows, "seed"),
        key: `dataset ${name}`,
        seeds: { from: "dataset", dataset: name },
      }),
    );
  const none: SeedItem = {
    label: "$(circle-slash) No seed",
    description: "for templates that need none",
    key: "none",
    seeds: { from: "none" },
  };
  const imports: SeedItem = { label: "$(add) Import seeds…", key: "import", seeds: null };
  const items = [...ofPreview, ...whole].sort((a, b) => Number(b.key === last) - Number(a.key === last));
  const chosen = await pick([...items, none, ...(items.length === 0 ? [imports] : [])], {
    title: "Generate problems",
    placeHolder: items.length === 0 ? "This project has no seeds yet" : "From which seeds?",
  });
  if (chosen.seeds === null)
    throw new ProblemError({ code: "import/empty", message: "There are no seeds to generate from", remedy: "Import some first." }, [
      { title: "Import File…", command: "jiuzhang.importFile" },
    ]);
  return { seeds: chosen.seeds, key: chosen.key };
}

/** How many problems. What one costs is said before anything is asked. @throws ProblemError cancelled */
export async function chooseCount(
  price: () => Promise<number | null>,
  { last, title = "Generate problems" }: { last: number; title?: string },
): Promise<number> {
  const one = await price().catch(() => null);
  const typed = await type({
    title,
    prompt: one === null || one === 0 ? "How many problems?" : `How many problems? One costs about ${money(one)}`,
    value: String(Math.min(MOST_COUNT, Math.max(1, last))),
    check: (text) => (countOf(text) === null ? `Type a whole number from 1 to ${MOST_COUNT.toLocaleString("en")}` : null),
  });
  const count = countOf(typed);
  if (count === null) throw cancelled();
  return count;
}

function countOf(text: string): number | null {
  const digits = text.replace(/[,\s]/g, "");
  const count = Number(digits);
  return /^\d+$/.test(digits) && count >= 1 && count <= MOST_COUNT ? count : null;
}

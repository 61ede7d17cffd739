import type { Dataset } from "#protocol/corpus.ts";
import { formatProblem, type Problem } from "#protocol/errors.ts";
import type { EndpointSummary } from "#protocol/messages/endpoints.ts";
import type { CommandId } from "../ids.ts";
import { type Action, ownActions } from "../problems/actions.ts";
import { count, counted } from "../status/words.ts";

/** A line of a tree, before it becomes one of the editor's items. */
export interface Line {
  label: string;
  description: string;
  tooltip: string;
  icon: string;
  /** A theme colour of the icon; null for the usual one. */
  colour: string | null;
  /** What a click does. */
  command: { command: Action["command"]; title: string; args?: unknown[] } | null;
  /** For the menus' clauses. */
  contextValue: string;
}

export function datasetLine(project: string, { name, kind, rows, accepted, updated }: Dataset): Line {
  const shares = kind === "problem" ? ` · ${count(accepted)} accepted` : "";
  return {
    label: name,
    description: `${counted(rows, kind === "seed" ? "seed" : "row")}${shares}`,
    tooltip: `${name}: ${counted(rows, kind === "seed" ? "seed text" : "problem")}${kind === "problem" ? `, ${count(accepted)} accepted` : ""}, last changed ${updated.slice(0, 16).replace("T", " ")} UTC`,
    icon: kind === "seed" ? "file-text" : "mortar-board",
    colour: kind === "seed" ? null : "charts.blue",
    command: { command: "jiuzhang.openCorpus", title: "Open Dataset", args: [{ project, dataset: name }] },
    contextValue: kind === "seed" ? "seeds" : "problems",
  };
}

export function endpointLine({ name, model, embedded, baseUrl, key, line, installed }: EndpointSummary, isDefault: boolean): Line {
  const trouble = endpointTrouble({ key, installed });
  return {
    label: name,
    description: [...new Set([isDefault ? "default" : "", model, trouble?.words ?? (embedded ? "embedded" : hostOf(baseUrl))])]
      .filter((part) => part !== "")
      .join(" · "),
    tooltip: [`${name}: ${model}`, embedded ? "runs on this machine, in a process of its own" : baseUrl, trouble?.remedy]
      .filter((part) => part !== null && part !== undefined)
      .join("\n\n"),
    icon: trouble?.icon ?? (embedded ? "chip" : "server"),
    colour: trouble === null ? null : "list.warningForeground",
    command: line === null ? null : { command: "jiuzhang.openDeclaration", title: "Open Declaration" },
    contextValue: [
      "endpoint",
      key?.kind === "secret" ? "keyed" : null,
      installed === false ? "uninstalled" : null,
      line === null ? null : "declared",
      isDefault ? "default" : null,
    ]
      .filter((part) => part !== null)
      .join("."),
  };
}

function endpointTrouble({ key, installed }: Pick<EndpointSummary, "key" | "installed">) {
  if (key !== null && !key.present)
    return {
      icon: "key",
      words: "key missing",
      remedy: key.kind === "secret" ? "Its key is not set yet." : `The environment variable ${key.name} is not set.`,
    };
  if (installed === false)
    return { icon: "cloud-download", words: "not installed", remedy: "Engine and model are installed when you ask for it." };
  return null;
}

/** “127.0.0.1:8000”, as an address is recognised. */
export function hostOf(url: string | null): string {
  if (url === null) return "";
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}

/** A model server that was found running and is declared nowhere yet. */
export function serverLine({ name, baseUrl, models }: { name: string; baseUrl: string; models: string[] }, add: CommandId | null): Line {
  return {
    label: name,
    description: `${hostOf(baseUrl)} · ${counted(models.length, "model")}`,
    tooltip: [baseUrl, ...models.slice(0, 20)].join("\n\n"),
    icon: "broadcast",
    colour: null,
    command: add === null ? null : { command: add, title: "Add Endpoint…", args: [{ name, baseUrl, models }] },
    contextValue: "server",
  };
}

/**
 * A problem as a line of the view whose rows it concerns. A click goes to its place in a file, or does the first thing that can be
 * done about it, or tries `again`.
 */
export function problemLine(problem: Problem, project: string | null, again: CommandId): Line {
  const { where } = problem;
  const [action] = ownActions(problem.code);
  const line = {
    label: problem.message,
    description: problem.remedy ?? "",
    tooltip: formatProblem(problem),
    icon: "warning",
    colour: "list.warningForeground",
    contextValue: "problem",
  };
  if (action !== undefined)
    return { ...line, command: { command: action.command, title: action.title, args: project === null ? [] : [project] } };
  if (where?.file !== undefined && where.line !== undefined)
    return { ...line, command: { command: "jiuzhang.openDeclaration", title: "Open File", args: [{ project, ...where }] } };
  return { ...line, command: { command: again, title: "Try Again", args: [] } };
}

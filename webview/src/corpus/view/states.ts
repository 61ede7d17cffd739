import { html, nothing, type TemplateResult } from "lit";
import "@vscode-elements/elements/dist/vscode-button/index.js";
import type { Problem } from "#protocol/errors.ts";
import { count, counted } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import { fieldWords, withoutField } from "../model/filters.ts";
import type { CorpusStore } from "../model/store.ts";
import { isFiltered } from "../model/view.ts";
import { clear } from "./chips.ts";

interface State {
  title: string;
  text: TemplateResult | string;
  sign?: string;
  buttons: { label: string; sign?: string; primary?: boolean; run(): void }[];
  /** A quiet fact behind the buttons. */
  more?: string;
}

/** What stands in the place of the list, where there is no row to show; null where there is. */
export function viewState(store: CorpusStore): TemplateResult | null {
  const state = stateOf(store);
  if (state === null) return null;
  return html`<div class="state" role="status">
    <h2>${state.sign === undefined ? nothing : icon(state.sign, "warn")}${state.title}</h2>
    <p class="quiet">${state.text}</p>
    <div class="buttons">
      ${state.buttons.map(
        ({ label, sign, primary, run }) =>
          html`<vscode-button ?secondary=${primary !== true} @click=${run}>${sign === undefined ? nothing : icon(sign)} ${label}</vscode-button>`,
      )}
      <span class="quiet num">${state.more ?? ""}</span>
    </div>
  </div>`;
}

function stateOf(store: CorpusStore): State | null {
  const { listing, health, project, opened } = store;
  const { rows, view } = listing;
  if (!opened) return null;
  if (project === null) return noFolder(store);
  if (rows.held > 0 || (rows.begun && rows.total > 0)) return null;
  if (rows.problem !== null) return problemState(store, rows.problem);
  if (!rows.counted || rows.total > 0) return null;
  if (isFiltered(view)) return filteredOut(store);
  if (health.gone) return goneState(store);
  return emptyState(store);
}

const noFolder = (store: CorpusStore): State => ({
  title: "No folder is open",
  text: "Rows are read from a project's folder. Open the folder that this dataset belongs to.",
  buttons: [
    { label: "Open Folder", primary: true, run: () => void store.ask("host/command", { command: "vscode.openFolder" }) },
    { label: "Open Sample Project…", run: () => void store.ask("host/command", { command: "jiuzhang.openSample" }) },
  ],
});

const emptyState = (store: CorpusStore): State => ({
  title: "This dataset is empty",
  text: "Rows arrive when you generate from a template, or drop a JSONL, CSV, Markdown or text file on this panel.",
  buttons: [
    {
      label: "Generate from a template",
      sign: "sparkle",
      primary: true,
      run: () => void store.ask("host/command", { command: "jiuzhang.preview" }),
    },
    { label: "Import file", sign: "cloud-upload", run: () => void store.files.importFiles() },
  ],
});

const goneState = (store: CorpusStore): State => ({
  title: "This dataset is not there any more",
  text: `Nothing in the project's files belongs to “${store.listing.view.dataset}”. It comes back when its files do.`,
  buttons: [{ label: "Look again", primary: true, run: () => store.retry() }],
});

function filteredOut(store: CorpusStore): State {
  const { culprit } = store.counting;
  const drop =
    culprit === null
      ? []
      : [
          {
            label: culprit.field === null ? "Clear the search" : `Remove the filter on ${fieldWords(culprit.field)}`,
            primary: true,
            run: () =>
              culprit.field === null
                ? store.setSearch("", true)
                : store.setView({ where: withoutField(store.listing.view.where, culprit.field) }),
          },
        ];
  const name = culprit === null ? "" : culprit.field === null ? "the search" : `the filter on ${fieldWords(culprit.field)}`;
  return {
    title: "No row fits all filters",
    text:
      culprit === null ? "Remove a filter to see rows." : `Most is excluded by ${name}: ${counted(culprit.rows, "row")} fit without it.`,
    buttons: [...drop, { label: "Clear all", run: () => clear(store) }],
  };
}

function problemState(store: CorpusStore, problem: Problem): State {
  const { rows } = store.listing;
  const tried = rows.failures > 1 ? `tried ${count(rows.failures)} times` : "";
  const rebuild = { label: "Rebuild", primary: true, run: () => void store.rebuild() };
  const again = { label: "Try again", run: () => store.retry() };
  const log = { label: "Show Log", run: () => void store.ask("host/command", { command: "jiuzhang.showLog" }) };
  switch (problem.code) {
    case "index/locked":
      return {
        title: "The index is locked by another process",
        text: `${holder(problem)} The panel tries again each second and keeps your filters, row and scroll position.`,
        sign: "lock",
        buttons: [{ ...again, primary: true }, log],
        more: tried,
      };
    case "index/corrupt":
    case "index/newer":
    case "index/unavailable":
      return {
        title: problem.message,
        text:
          store.health.rebuild === null
            ? "Nothing is lost: the project's files hold everything, and the index is made anew from them."
            : "The index is being made anew from the project's files.",
        sign: "warning",
        buttons: store.health.rebuild === null ? [rebuild, again, log] : [],
        more: "",
      };
    case "usage/not-found":
      return goneState(store);
    case "server/stopped":
    case "server/crashed":
    case "server/start-failed":
      return {
        title: store.health.server.state === "starting" ? "The server is starting again" : problem.message,
        text: problem.remedy ?? "Your filters, row and scroll position are kept.",
        sign: "warning",
        buttons: [
          { label: "Restart Server", primary: true, run: () => void store.ask("host/command", { command: "jiuzhang.restartServer" }) },
          log,
        ],
      };
    default:
      return {
        title: problem.message,
        text: html`${problem.where?.file === undefined ? nothing : html`${problem.where.file}. `}${problem.remedy ?? ""}`,
        sign: "warning",
        buttons: [{ ...again, primary: true }, log],
        more: tried,
      };
  }
}

/** Who holds the index, as far as it has been told. */
function holder({ data, message }: Problem): string {
  const { pid, command, since } = data ?? {};
  if (typeof pid !== "number") return `${message}.`;
  const name = typeof command === "string" ? `, “${command}”,` : "";
  return `Process ${pid} on this machine${name} holds it${typeof since === "string" ? ` since ${since}` : ""}.`;
}

import { html, nothing, type TemplateResult } from "lit";
import { count, counted } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import type { CorpusStore } from "../model/store.ts";
import { isFiltered } from "../model/view.ts";
import { problemWords } from "./problem-words.ts";

interface Line {
  sign: string;
  state?: string;
  words: string;
  actions: { label: string; run(): void }[];
  close?: () => void;
}

/** Quiet lines under the list, the most pressing first. They take room from the list's end, so that no row lies beneath them. */
export function viewNotices(store: CorpusStore): TemplateResult {
  const lines = [
    serverLine(store),
    goneLine(store),
    problemLine(store),
    olderLine(store),
    waitLine(store),
    actLine(store),
    freshLine(store),
    importLine(store),
    noticeLine(store),
  ];
  return html`<div class="notices" role="status" aria-live="polite">
    ${lines.map((line) => (line === null ? nothing : viewLine(line)))}
  </div>`;
}

const viewLine = ({ sign, state, words, actions, close }: Line): TemplateResult =>
  html`<div class="notice">
    ${icon(sign, state ?? "")}
    <span class="grow">${words}</span>
    ${actions.map(({ label, run }) => html`<button class="action framed" @click=${run}>${label}</button>`)}
    ${close === undefined ? nothing : html`<button class="action" title="Dismiss" aria-label="Dismiss" @click=${close}>${icon("close")}</button>`}
  </div>`;

function serverLine({ health, listing }: CorpusStore): Line | null {
  if (health.server.state !== "starting" || !listing.rows.begun) return null;
  return { sign: "sync", words: "The server is starting again. The rows stay readable meanwhile.", actions: [] };
}

function goneLine({ health, listing }: CorpusStore): Line | null {
  if (!health.gone || !listing.rows.begun) return null;
  return {
    sign: "warning",
    state: "warn",
    words: `The dataset “${listing.view.dataset}” is not there any more. What was read of it stays, and can only be read.`,
    actions: [],
  };
}

function problemLine(store: CorpusStore): Line | null {
  const { rows } = store.listing;
  const { problem } = rows;
  if (problem === null || !rows.begun || store.health.gone) return null;
  const tried = rows.failures > 1 ? ` Tried ${count(rows.failures)} times.` : "";
  const rebuild = { label: "Rebuild", run: () => void store.rebuild() };
  return {
    sign: "warning",
    state: "warn",
    words: `${problemWords(problem)}${tried}`,
    actions: [...(problem.code === "index/corrupt" ? [rebuild] : []), { label: "Retry", run: () => store.retry() }],
  };
}

/** The rows can be read, but may not be the newest. */
function olderLine({ health, listing }: CorpusStore): Line | null {
  const { problem, tries } = health;
  if (problem === null || !listing.rows.begun || listing.rows.problem !== null) return null;
  const tried = tries > 1 ? ` Tried ${count(tries)} times.` : "";
  return { sign: "warning", state: "warn", words: `${problemWords(problem)}${tried}`, actions: [] };
}

function waitLine({ listing }: CorpusStore): Line | null {
  const { rows, view } = listing;
  if (rows.cancelled)
    return { sign: "circle-slash", words: "Loading was cancelled.", actions: [{ label: "Retry", run: () => rows.retry() }] };
  if (rows.wait.phase !== "words") return null;
  const { row } = listing.place();
  const what =
    view.search.trim() !== ""
      ? `Searching for “${view.search.trim()}”`
      : isFiltered(view)
        ? "Filtering"
        : `Loading rows from ${count(row + 1)} on`;
  return { sign: "history", words: `${what}, ${rows.wait.seconds} s so far.`, actions: [{ label: "Cancel", run: () => rows.cancel() }] };
}

function actLine({ acting }: CorpusStore): Line | null {
  if (acting.wait.phase !== "words") return null;
  return {
    sign: "history",
    words: `${acting.doing}, ${acting.wait.seconds} s so far.`,
    actions: [{ label: "Cancel", run: acting.cancel }],
  };
}

function freshLine({ listing }: CorpusStore): Line | null {
  if (listing.fresh === 0) return null;
  return {
    sign: "arrow-up",
    words: `${counted(listing.fresh, "new row")} above.`,
    actions: [{ label: "Show", run: () => listing.toTop() }],
  };
}

function importLine({ files }: CorpusStore): Line | null {
  if (files.importing === 0) return null;
  return { sign: "cloud-upload", words: `Importing ${counted(files.importing, "file")}.`, actions: [] };
}

function noticeLine({ notices }: CorpusStore): Line | null {
  const { current } = notices;
  if (current === null) return null;
  const { words, tone, actions } = current;
  return {
    sign: tone === "done" ? "check" : "error",
    state: tone === "done" ? "" : "bad",
    words,
    actions,
    close: () => notices.clear(),
  };
}

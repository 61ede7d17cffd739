import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import type { Row } from "#protocol/corpus.ts";
import { count, counted } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import { richText } from "../../shared/rich-text.ts";
import type { CorpusStore } from "../model/store.ts";
import { viewAfterwards } from "./afterwards.ts";
import { viewEditForm } from "./edit-form.ts";
import { viewLabelBar } from "./label-bar.ts";
import { problemWords } from "./problem-words.ts";
import { viewProvenance } from "./provenance.ts";
import { viewVerdicts } from "./verdicts.ts";

/** The row that is read: its texts, what the checks say, where it comes from and where it went. */
export function viewDetails(store: CorpusStore): TemplateResult {
  const { reading, listing, acting } = store;
  const brief = listing.active?.id === reading.id ? listing.active : undefined;
  const row = reading.walk?.row ?? brief;
  return html`<aside class="details" id="details" data-area="details" tabindex="-1" aria-label="Details">
    ${
      row === undefined
        ? viewNothing(store)
        : html`${viewHead(store, row)}
            <div class="body" tabindex="-1">
              ${viewHidden(store)}
              ${acting.draft === null ? viewTexts(store, row) : viewEditForm(store, acting.draft)}
              ${reading.problem === null ? nothing : viewProblem(store)}
              ${
                reading.walk === null
                  ? viewWaiting(store)
                  : html`${viewVerdicts(store, reading.walk)}${viewProvenance(store, reading.walk)}${viewAfterwards(store, reading.walk)}`
              }
            </div>
            ${row.kind === "seed" || reading.walk?.hidden ? nothing : viewLabelBar(store, row)}`
    }
  </aside>`;
}

function viewNothing(store: CorpusStore): TemplateResult {
  if (store.reading.problem !== null) return html`<div class="body">${viewProblem(store)}</div>`;
  const words = store.listing.rows.total === 0 ? "" : "Choose a row to see its solution, its verdicts and where it comes from.";
  return html`<p class="hint quiet">${words}</p>`;
}

function viewHead(store: CorpusStore, row: Row): TemplateResult {
  const { selection, rows } = store.listing;
  const place = selection.active?.id === row.id ? `${count(selection.active.index + 1)} of ${count(rows.total)}` : "";
  const hidden = store.reading.walk?.hidden ?? null;
  const editable = row.kind === "problem" && store.writable && hidden === null;
  return html`<div class="head">
    <button class="action narrow back" title="Back to the list" aria-label="Back to the list" @click=${() => store.setPage(false)}>${icon("arrow-left")}</button>
    <span class="id" title=${row.id}>${row.id.slice(0, 8)}</span>
    ${[row.stage, row.format].map((word) => (word === null ? nothing : html`<span class="quiet">${word}</span>`))}
    ${row.tokens === null ? nothing : html`<span class="quiet num">${counted(row.tokens, "token")}</span>`}
    <span class="grow"></span>
    <span class="quiet num place" title="Place in the list">${place}</span>
    ${
      editable
        ? html`<button class="action" title="Edit (E)" aria-label="Edit" @click=${() => store.acting.beginEdit()}>${icon("edit")}</button>`
        : nothing
    }
    <button
      class="action"
      title=${editable ? "Edit as a document" : "Open as a document"}
      aria-label=${editable ? "Edit as a document" : "Open as a document"}
      @click=${() => void store.ask("host/openRow", { id: row.id, mode: editable ? "edit" : "read" })}
    >
      ${icon("go-to-file")}
    </button>
    <button class="action" title="Copy (C)" aria-label="Copy" @click=${() => copyRow(store, row)}>${icon("copy")}</button>
    ${
      store.writable && hidden === null
        ? html`<button class="action" title="Delete (Del)" aria-label="Delete" @click=${() => void store.acting.remove()}>${icon("trash")}</button>`
        : nothing
    }
  </div>`;
}

const HIDDEN_WORDS = {
  edited: "This row was edited: another one stands in its place.",
  deleted: "This row was deleted and is in no list any more.",
} as const;

function viewHidden({ reading }: CorpusStore): TemplateResult | typeof nothing {
  const hidden = reading.walk?.hidden ?? null;
  return hidden === null ? nothing : html`<section class="problem"><p>${icon("info")} ${HIDDEN_WORDS[hidden]}</p></section>`;
}

function viewTexts(store: CorpusStore, row: Row): TemplateResult {
  const text = (value: string) => guard([value, store.macros], () => richText(value, { output: "htmlAndMathml", macros: store.macros }));
  const none = html`<p class="quiet">none</p>`;
  if (row.kind === "seed")
    return html`<section>
      <h2>Seed</h2>
      ${row.text === null ? none : text(row.text)}
    </section>`;
  const whole = store.reading.walk !== null;
  return html`<section>
      <h2>Problem</h2>
      ${row.text === null ? html`<p class="quiet">The answer was not in the form of a problem; the raw answer stands below.</p>` : text(row.text)}
      ${row.text === null && store.reading.walk?.response ? html`<pre class="code" tabindex="0">${store.reading.walk.response.raw}</pre>` : nothing}
    </section>
    ${
      whole
        ? html`<section>
              <h2>Solution</h2>
              ${row.solution === null || row.solution === "" ? none : text(row.solution)}
            </section>
            ${
              row.answer === null || row.answer === ""
                ? nothing
                : html`<section>
                    <h2>Answer</h2>
                    ${guard([row.answer, store.macros], () => richText(answerText(row.answer ?? ""), { output: "htmlAndMathml", macros: store.macros }))}
                  </section>`
            }`
        : nothing
    }`;
}

/** Answers are often TeX without its dollars. */
const answerText = (answer: string): string => (/[\\^_]/.test(answer) && !/\$|\\\(|\\\[/.test(answer) ? `\\(${answer}\\)` : answer);

function viewWaiting({ reading }: CorpusStore): TemplateResult | typeof nothing {
  if (reading.wait.phase === "ghosts" || reading.wait.phase === "words")
    return html`<section class="ghosts" role="status">
      <i style="width: 90%"></i><i style="width: 70%"></i><i style="width: 80%"></i>
      ${reading.wait.phase === "words" ? html`<p class="quiet">Reading what lies behind this row, ${reading.wait.seconds} s so far</p>` : nothing}
    </section>`;
  return nothing;
}

function viewProblem(store: CorpusStore): TemplateResult {
  const { problem } = store.reading;
  if (problem === null) return html``;
  return html`<section class="problem" role="status">
    <p>${icon("warning", "warn")} ${problemWords(problem)}</p>
    <button class="link" @click=${() => store.reading.again()}>Try again</button>
  </section>`;
}

/** The texts as they are: LaTeX stays LaTeX. */
export function copyRow(store: CorpusStore, row: Row): void {
  const whole = store.reading.walk?.row.id === row.id ? store.reading.walk.row : row;
  const parts = [whole.text, whole.solution].filter((part) => part !== null && part !== "");
  void store.copy(parts.join("\n\n"));
}

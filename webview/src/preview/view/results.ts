import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Row } from "#protocol/corpus.ts";
import type { Problem } from "#protocol/errors.ts";
import { count, counted, duration, money } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import { keyName } from "../../shared/keys.ts";
import type { MathOptions } from "../../shared/math.ts";
import { withOpenFormula } from "../../shared/math-split.ts";
import { richText } from "../../shared/rich-text.ts";
import { verdictWords } from "../../shared/verdicts.ts";
import { type Come, isRunning, type Run, type Stream } from "../model/runs.ts";
import type { Store } from "../model/store.ts";

/** All runs, or of the newest what fits under the messages that it came from. */
export function viewResults(store: Store, runs: readonly Run[], { now, alone }: { now: number; alone: boolean }): TemplateResult {
  if (runs.length === 0)
    return html`<div class="empty"><p>What Generate brings is shown here while it is written, with the verdicts of the checks.</p></div>`;
  return html`<div class="results ${alone ? "alone" : ""}">${repeat(
    runs,
    ({ run }) => run,
    (run) => viewRun(store, run, now),
  )}</div>`;
}

function viewRun(store: Store, run: Run, now: number): TemplateResult {
  const running = isRunning(run);
  return html`<div class="run-results">
    ${viewHead(store, run, now)}
    ${running ? viewBar(run) : nothing}
    ${repeat(
      run.streams,
      ({ key }) => `stream ${key}`,
      (stream) => viewStream(store, stream),
    )}
    ${repeat(
      run.rows,
      ({ row }) => row.id,
      (come) => viewRow(store, come),
    )}
    ${run.more === 0 ? nothing : html`<p class="quiet">${counted(run.more, "more row")} came. ${showDataset(store, run.done?.dataset ?? null)}</p>`}
    ${run.warnings.map(viewProblem)}
    ${run.problem === null || run.problem.code === "cancelled" ? nothing : viewProblem(run.problem)}
  </div>`;
}

/** Who writes, how far it is, and how to stop it. */
function viewHead(store: Store, run: Run, now: number): TemplateResult {
  const { plan, progress, preparing, waiting, done, problem } = run;
  const running = isRunning(run);
  const seconds = done?.seconds ?? Math.max(0, (now - Date.parse(run.began)) / 1000);
  const facts: string[] = [];
  if (running) {
    if (preparing !== null)
      facts.push(
        preparing.total === null
          ? preparing.stage
          : `${preparing.stage}, ${Math.floor((100 * preparing.done) / Math.max(1, preparing.total))} %`,
      );
    else if (waiting !== null) facts.push(`another run asks for ${counted(waiting.requests, "of the same request")}`);
    else if (plan === null) facts.push("starting");
    if (progress !== null && progress.total > 1) facts.push(`${count(progress.done)} of ${count(progress.total)}`);
    if (progress !== null && progress.tokens > 0) facts.push(counted(progress.tokens, "token"));
    facts.push(duration(seconds));
    if (progress?.tokensPerSecond != null) facts.push(`${Math.round(progress.tokensPerSecond)} tokens/s`);
    if (progress?.secondsLeft != null && progress.secondsLeft > 5) facts.push(`about ${duration(progress.secondsLeft)} left`);
  } else if (done !== null) {
    facts.push(`${counted(done.rows, "problem")}, ${count(done.accepted)} accepted`, duration(seconds));
    if (done.cost !== null) facts.push(money(done.cost));
  } else facts.push(problem?.code === "cancelled" ? "stopped; what had come is kept" : "failed");
  const who = plan === null ? (run.endpoint ?? "") : `${plan.endpoint} · ${plan.model}`;
  return html`<div class="result-head num">
    <h2>${[run.template, who, run.count > 1 ? `${count(run.count)} problems` : ""].filter((word) => word !== "").join(" · ")}</h2>
    <span class="grow"></span>
    <span>${facts.join(" · ")}</span>
    ${
      running
        ? html`<button class="action" aria-label="Stop" title="Stop (${keyName("Esc")})" @click=${() => store.stop(run.run)}>${icon("debug-stop")}</button>`
        : nothing
    }
  </div>`;
}

/** A bar only where its end is known. */
function viewBar({ progress }: Run): TemplateResult | typeof nothing {
  if (progress === null || progress.total < 2) return nothing;
  const share = (100 * progress.done) / progress.total;
  return html`<div class="progress" role="progressbar" aria-label="Requests" aria-valuenow=${progress.done} aria-valuemin="0" aria-valuemax=${progress.total}
    ><span style="width: ${share.toFixed(1)}%"></span></div>`;
}

const mathOf = (store: Store): MathOptions => ({ output: "htmlAndMathml", macros: store.state.settings.macros });

function viewStream(store: Store, { text, reasoning }: Stream): TemplateResult {
  const thinking = text === "" && reasoning !== "";
  return html`<article class="message result" aria-label="Answer being written" aria-busy="true">
    <div class="role">assistant</div>
    <div>${thinking ? html`<div class="thinking">${reasoning.slice(-400)}</div>` : nothing}<div class="writing">${
      text === "" ? nothing : richText(withOpenFormula(text), mathOf(store))
    }</div></div>
  </article>`;
}

function viewRow(store: Store, { row, raw }: Come): TemplateResult {
  const options = mathOf(store);
  const { text, solution, label, id } = row;
  const words = text === null ? (raw ?? "") : [text, solution].filter((part) => part !== null).join("\n\n");
  return html`<article class="message result ${label === "reject" ? "rejected" : ""}" aria-label="Problem">
    <div class="role">assistant</div>
    <div>
      ${
        text === null
          ? html`<p class="quiet">The answer is not in the form that the template asks for.${
              raw == null ? " Open it to see what the model wrote." : ""
            }</p>${raw == null ? nothing : richText(raw, options)}`
          : html`<h3 class="part">Problem</h3>${richText(text, options)}`
      }
      ${solution === null ? nothing : html`<h3 class="part">Solution</h3>${richText(solution, options)}`}
      <div class="result-foot">${verdictWords(row.verdicts)}${row.tokens === null ? nothing : html`<span class="quiet num">${counted(row.tokens, "token")}</span>`}</div>
      <div class="actions" role="group" aria-label="What to do with this problem">
        ${labelButton(store, row, "keep", "Keep", "check")}${labelButton(store, row, "reject", "Reject", "close")}
        ${action("edit", "Edit", () => store.openRow(id, "edit"))}
        ${action("go-to-file", "Open as document", () => store.openRow(id, "read"))}
        ${compareButton(store, id)}
        ${words === "" ? nothing : action("copy", "Copy", () => store.copy(words))}
        ${action("list-unordered", `Show in ${row.dataset}`, () => store.command("jiuzhang.openCorpus", { dataset: row.dataset, row: id }))}
      </div>
    </div>
  </article>`;
}

const action = (name: string, words: string, run: () => void): TemplateResult =>
  html`<button class="action" title=${words} @click=${run}>${icon(name)}<span class="roomy">${words}</span><span class="unseen">${words}</span></button>`;

function labelButton(store: Store, row: Row, label: "keep" | "reject", words: string, name: string): TemplateResult {
  const pressed = row.label === label;
  return html`<button class="action" aria-pressed=${pressed} title=${pressed ? "Take the label away" : words} @click=${() =>
    store.label(row, pressed ? null : label)}>${icon(name, pressed ? (label === "keep" ? "good" : "bad") : "")}${words}</button>`;
}

function compareButton(store: Store, id: string): TemplateResult {
  const { compared } = store.state;
  const words = compared === null ? "Compare" : compared === id ? "Choose another" : "Compare with this";
  return html`<button class="action" aria-pressed=${compared === id} title=${compared === null ? "Compare with another result" : words} @click=${() =>
    store.compare(id)}>${icon("diff")}<span class=${compared === null ? "roomy" : ""}>${words}</span>${
    compared === null ? html`<span class="unseen">${words}</span>` : nothing
  }</button>`;
}

function showDataset(store: Store, dataset: string | null): TemplateResult | typeof nothing {
  if (dataset === null) return nothing;
  return html`<button class="link" @click=${() => store.command("jiuzhang.openCorpus", { dataset })}>Show all in ${dataset}</button>`;
}

const viewProblem = ({ message, remedy }: Problem): TemplateResult =>
  html`<div class="problem">${icon("warning", "warn")}<span>${message}</span>${remedy === undefined ? nothing : html`<span class="quiet">${remedy}</span>`}</div>`;

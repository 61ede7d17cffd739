import "@vscode-elements/elements/dist/vscode-button/index.js";
import { html, nothing, type TemplateResult } from "lit";
import type { PreviewTokens } from "#protocol/messages/preview.ts";
import { count, counted, money } from "../../shared/format.ts";
import { keyName } from "../../shared/keys.ts";
import { MOST_AT_ONCE } from "../model/kept.ts";
import type { State, Store } from "../model/store.ts";

/** What it will take, and the one primary action. */
export function viewFooter(store: Store): TemplateResult {
  const { state } = store;
  const { host, count: times } = state;
  const waits = whyNot(state);
  const lead = host?.lead ?? null;
  return html`<footer class="bar foot" data-area="Generate">
    ${viewTold(store, waits)}
    <span class="grow"></span>
    ${(host?.endpoints.length ?? 0) > 1 ? viewEndpoints(store) : nothing}
    <label class="times" title="How many problems">×<input type="number" aria-label="How many problems" min="1" max=${MOST_AT_ONCE} .value=${String(times)} @change=${(
      event: Event,
    ) => {
      const field = event.target as HTMLInputElement;
      store.setCount(field.valueAsNumber);
      field.value = String(store.state.count);
    }}></label>
    ${
      lead !== null
        ? html`<vscode-button @click=${store.lead}>${lead.title}</vscode-button>`
        : html`<vscode-button ?disabled=${waits !== null} aria-disabled=${waits !== null} @click=${store.generate}
            ><span slot="content-before" class="codicon codicon-sparkle" aria-hidden="true"></span>Generate<span class="wide keys-hint" aria-hidden="true"
              >&nbsp;${keyName("Ctrl+")}↵</span
            ></vscode-button
          >`
    }
  </footer>`;
}

/** What Generate waits for; null where it can be pressed. */
export function whyNot({ host, preview, server }: State): string | null {
  if (host === null || host.uri === null) return "";
  if (host.blocked !== null) return host.blocked.message;
  if (server.state !== "ready") return "Generate waits for the server";
  if (preview === null) return "";
  const error = preview.problems.find(({ severity }) => severity === "error");
  if (preview.rendering !== null) return null;
  return error?.where?.line === undefined ? "Generate waits for the template" : `Generate waits for line ${error.where.line}`;
}

function viewTold(store: Store, waits: string | null): TemplateResult {
  const { told, preview } = store.state;
  if (told !== null && "words" in told)
    return html`<span class="told"><span class="ellipsis" role="status">${told.words}</span>${
      told.undo === null ? nothing : html`<button class="link" @click=${store.undo}>Undo</button>`
    }</span>`;
  const tokens = preview?.rendering?.tokens;
  const reason = waits === null || waits === "" ? nothing : html`<span class="ellipsis quiet" title=${waits}>${waits}</span>`;
  return html`<span class="told num">${tokens === undefined ? nothing : viewTokens(tokens)}${reason}</span>`;
}

function viewTokens({ prompt, exact, settled, completion, cost }: PreviewTokens): TemplateResult {
  const about = exact || !settled ? "" : "about ";
  const out =
    completion === null
      ? ""
      : completion.from === "answers"
        ? `+ about ${count(completion.tokens)} out`
        : `+ at most ${count(completion.tokens)} out`;
  const price = cost === null ? "" : `· ${completion?.from === "limit" ? "at most " : ""}${money(cost)} a problem`;
  return html`<span title=${exact ? "Counted with the model's own tokenizer" : "Counted with the o200k tokenizer; the model may count otherwise"}>${about}${counted(prompt, "token")} in</span
    ><span class="quiet medium">${out}</span><span class="quiet ellipsis">${price}</span>`;
}

function viewEndpoints(store: Store): TemplateResult {
  const { host } = store.state;
  const chosen = host?.endpoint ?? host?.endpoints[0]?.name;
  return html`<select class="choice wide" aria-label="Endpoint" @change=${(event: Event) =>
    store.choose({ endpoint: (event.target as HTMLSelectElement).value })}>${host?.endpoints.map(
    ({ name, model }) => html`<option value=${name} ?selected=${name === chosen}>${name === model ? name : `${name} · ${model}`}</option>`,
  )}</select>`;
}

import { html, nothing, type TemplateResult } from "lit";
import type { Preview, PreviewInput } from "#protocol/messages/preview.ts";
import { counted } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import type { Store } from "../model/store.ts";
import { colourOf } from "./colour.ts";
import { goToInput } from "./go-to.ts";

/** The inputs with their colours, and what they contributed. */
export function viewLegend(store: Store, preview: Preview): TemplateResult {
  const { tab } = store.state;
  const { rendering } = preview;
  const inputs = rendering?.inputs ?? [];
  const key = rendering?.wire.key ?? null;
  const hint = tab === "messages" && rendering?.values.from === "seed" && inputs.length > 0 ? "click a span for its line" : "";
  return html`<div class="legend" data-area="Legend">
    <div class="inputs" role="group" aria-label="Inputs">${inputs.map((input, number) => viewInput(store, input, number))}</div>
    <span class="grow"></span>
    ${viewWarnings(store, preview)}
    ${
      tab === "wire" && key !== null
        ? html`<button class="link code wide" title="Copy the request key ${key}" @click=${() => store.copy(key)}>key ${key
            .slice(0, 12)
            .replace(/(.{4})(?=.)/g, "$1 ")}</button>`
        : html`<span class="wide">${hint}</span>`
    }
  </div>`;
}

function viewInput(store: Store, input: PreviewInput, number: number): TemplateResult {
  const { name, times } = input;
  return html`<button
    class="input"
    style=${colourOf(number)}
    ?disabled=${times === 0}
    title=${times === 0 ? `${name} is not in the rendering` : `Go to ${name}`}
    @click=${() => goToInput(store, number)}
  ><i class="dot"></i><span>${name}</span><span class="num quiet">${wordsOf(input)}</span></button>`;
}

function wordsOf({ characters, times, from }: PreviewInput): string {
  const origin = { seed: "", default: "default", sample: "sample", missing: "no value" }[from];
  const size = times === 0 ? "not rendered" : `${counted(characters, "char")}${times > 1 ? ` in ${times} places` : ""}`;
  return origin === "" ? size : `${origin}; ${size}`;
}

/** What looks odd and forbids nothing: one line of the template each. */
function viewWarnings(store: Store, { problems }: Preview): TemplateResult | typeof nothing {
  const warnings = problems.filter(({ severity }) => severity === "warning");
  const [first] = warnings;
  if (first === undefined) return nothing;
  const all = warnings.map(({ message, where }) => (where?.line === undefined ? message : `Line ${where.line}: ${message}`)).join("\n");
  return html`<button class="link" title=${all} @click=${() => {
    if (first.span !== null) store.reveal(first.span);
  }}>${icon("warning", "warn")} ${warnings.length === 1 && first.span === null ? first.message : counted(warnings.length, "warning")}</button>`;
}

import { html, nothing, type TemplateResult } from "lit";
import type { WirePreview } from "#protocol/messages/preview.ts";
import { counted } from "../../shared/format.ts";
import { type JsonPiece, jsonPieces } from "../model/json-pieces.ts";
import type { Store } from "../model/store.ts";
import { colourOf } from "./colour.ts";

/** The request as it goes out. */
export function viewWire(store: Store, wire: WirePreview): TemplateResult {
  const before = wire.sample === 0 ? "" : `; ${counted(wire.sample, "answer")} to this template and seed came before`;
  return html`<div class="wire-head">
      <span class="address">POST ${wire.url}</span><span class="quiet roomy">the exact body, as it will be sent${before}</span>
      <span class="grow"></span>
      <button class="link" @click=${() => store.copyRequest("body")}>Copy</button>
      <button class="link" title="The key stands in it as a variable, never as its value" @click=${() => store.copyRequest("curl")}>Copy as curl</button>
    </div>
    <div class="code" @click=${(event: MouseEvent) => follow(event, store)}>${piecesOf(wire).map(viewPiece)}</div>`;
}

let known: { wire: WirePreview; pieces: JsonPiece[] } | null = null;

/** Cut once for each body, however often it is drawn. */
function piecesOf(wire: WirePreview): JsonPiece[] {
  if (known?.wire !== wire) known = { wire, pieces: jsonPieces(wire.body, wire.marks) };
  return known.pieces;
}

// Within `white-space: pre-wrap` every space of these templates would be seen.
function viewPiece({ kind, text, mark }: JsonPiece): TemplateResult {
  if (mark === null) return html`<span class=${kind === "plain" ? nothing : `json-${kind}`}>${text}</span>`;
  return html`<span
    class="json-${kind} run value"
    style=${colourOf(mark.input)}
    data-input=${mark.input}
    data-start=${mark.span.start}
    data-end=${mark.span.end}
  >${text}</span>`;
}

function follow({ target }: MouseEvent, store: Store): void {
  const { start, end } = (target instanceof Element ? target.closest<HTMLElement>("[data-start]")?.dataset : undefined) ?? {};
  if (start !== undefined && end !== undefined && getSelection()?.isCollapsed !== false)
    store.reveal({ start: Number(start), end: Number(end) });
}

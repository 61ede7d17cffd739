import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Rendering } from "#protocol/messages/preview.ts";
import { count } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import { placeRuns, type Shown, spanAt } from "../model/placing.ts";
import type { Store } from "../model/store.ts";
import { colourOf } from "./colour.ts";

type Message = Rendering["messages"][number];

/** The messages as they are sent, each run with its place in the template. */
export function viewMessages(store: Store, { messages, inputs }: Rendering): TemplateResult {
  return html`<div @click=${(event: MouseEvent) => follow(event, store, messages)}>${messages.map(
    ({ role, segments }, at) => html`<div class="message" role="group" aria-label="${role ?? "prompt"} ${at + 1}">
      <div class="role">${role ?? "prompt"}</div>
      <div class="code">${repeat(
        placeRuns(segments),
        ({ index }) => index,
        (shown) => viewRun(store, shown, at, inputs),
      )}</div>
    </div>`,
  )}</div>`;
}

// Within `white-space: pre-wrap` every space of these templates would be seen.
function viewRun({ state: { line } }: Store, { segment, index, block, text }: Shown, message: number, inputs: Rendering["inputs"]) {
  const { input, omitted, part, span } = segment;
  if (omitted !== undefined) return html`<div class="omitted">… ${count(omitted)} characters are sent and not shown here …</div>`;
  if (input === null) return html`<span class="run" data-message=${message} data-run=${index}>${text}</span>`;
  const hot = line === segment.line;
  return html`<span
    class="run value ${block ? "block" : ""} ${hot ? "hot" : ""}"
    style=${colourOf(input)}
    title="${inputs[input]?.name ?? ""}, line ${segment.line}"
    data-message=${message}
    data-run=${index}
    data-input=${input}
    data-start=${span.start}
    data-end=${span.end}
  >${part === undefined ? nothing : html`${icon("file-media")} ${part}: `}${text}</span>`;
}

/** A click on a run leads to its piece of the template, unless it ends a selection. */
function follow({ target }: MouseEvent, store: Store, messages: readonly Message[]): void {
  const element = target instanceof Element ? target.closest<HTMLElement>("[data-run]") : null;
  if (element === null || getSelection()?.isCollapsed === false) return;
  const segments = messages[Number(element.dataset.message)]?.segments ?? [];
  const index = Number(element.dataset.run);
  const segment = segments[index];
  if (segment === undefined) return;
  const { text } = placeRuns(segments)[index] as Shown;
  const skipped = segment.text.length - text.length;
  store.reveal(spanAt(segment, caretIn(element) + Math.max(0, skipped)));
}

/** Where in an element's text the click has put the caret. */
function caretIn(element: HTMLElement): number {
  const selection = getSelection();
  const node = selection?.anchorNode ?? null;
  return node !== null && element.contains(node) && node.nodeType === Node.TEXT_NODE ? (selection?.anchorOffset ?? 0) : 0;
}

import { html, type TemplateResult } from "lit";
import type { Panes } from "../model/kept-state.ts";
import type { CorpusStore } from "../model/store.ts";

const LIMITS: Record<keyof Panes, { least: number; most: number; label: string }> = {
  rail: { least: 160, most: 400, label: "Width of the filters" },
  details: { least: 320, most: 900, label: "Width of the details" },
};

const STEP = 16;

/** The edge of a pane, to be dragged or moved by the arrow keys. */
export function viewSash(store: CorpusStore, pane: keyof Panes): TemplateResult {
  const { least, most, label } = LIMITS[pane];
  const width = store.panes[pane];
  // The rail lies left of its edge, the details right of theirs.
  const direction = pane === "rail" ? 1 : -1;
  const set = (pixels: number) => store.setPanes({ [pane]: Math.round(Math.min(Math.max(pixels, least), most)) });
  const drag = (event: PointerEvent) => {
    const sash = event.currentTarget as HTMLElement;
    const from = event.clientX;
    const before = store.panes[pane];
    sash.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent) => set(before + direction * (moved.clientX - from));
    sash.addEventListener("pointermove", move);
    sash.addEventListener("lostpointercapture", () => sash.removeEventListener("pointermove", move), { once: true });
    event.preventDefault();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    set(width + direction * (event.key === "ArrowRight" ? STEP : -STEP));
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div
    class="sash sash-${pane}"
    role="separator"
    tabindex="0"
    aria-orientation="vertical"
    aria-label=${label}
    aria-valuenow=${width}
    aria-valuemin=${least}
    aria-valuemax=${most}
    @pointerdown=${drag}
    @keydown=${press}
  ></div>`;
}

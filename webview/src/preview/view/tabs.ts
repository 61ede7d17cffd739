import { html, nothing, type TemplateResult } from "lit";
import { count } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import { TABS, type Tab } from "../model/kept.ts";
import { resultCount } from "../model/runs.ts";
import type { Store } from "../model/store.ts";

const NAMES: Record<Tab, string> = { messages: "Messages", wire: "Wire", results: "Results" };

export function viewTabs(store: Store): TemplateResult {
  const { tab, host, runs } = store.state;
  const pinned = host?.pinned === true;
  const found = resultCount(runs);
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined || event.altKey) return;
    const next = TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length] as Tab;
    store.setTab(next);
    document.getElementById(`tab-${next}`)?.focus();
    event.preventDefault();
  };
  return html`<div class="bar" data-area="Tabs">
    <div class="tablist" role="tablist" aria-label="What is shown" @keydown=${walk}>${TABS.map(
      (name) => html`<button
        class="tab"
        role="tab"
        id="tab-${name}"
        aria-controls="panel-${name}"
        aria-selected=${name === tab}
        tabindex=${name === tab ? 0 : -1}
        @click=${() => store.setTab(name)}
      >${NAMES[name]}${name === "results" && found > 0 ? html` <span class="num faint">${count(found)}</span>` : nothing}</button>`,
    )}</div>
    <span class="grow"></span>
    <span class="follows quiet wide">${pinned ? "Pinned to this template" : "Follows the editor"}</span>
    <button
      class="action"
      aria-pressed=${pinned}
      aria-label="Pin to this template"
      title=${pinned ? "Follow the editor again" : "Stay with this template"}
      @click=${() => store.choose({ pinned: !pinned })}
    >${icon(pinned ? "pinned" : "pin")}</button>
  </div>`;
}

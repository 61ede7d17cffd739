import { html, nothing, type TemplateResult } from "lit";
import type { PickedSeed } from "#protocol/messages/preview.ts";
import { count, counted } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import { keyName } from "../../shared/keys.ts";
import type { Picker, Store } from "../model/store.ts";

/** The row of the picker: which seed, and the ways to another one. */
export function viewPicker(store: Store): TemplateResult {
  const { host, picker } = store.state;
  const seed = host?.seed ?? null;
  if (seed === null) return viewNoSeed(store);
  const step = (how: "previous" | "next", chevron: string, words: string, keys: string) => html`<button
    class="action"
    aria-label=${words}
    title="${words} (${keyName(keys)})"
    @click=${() => store.pick(how)}
  >${icon(chevron)}</button>`;
  return html`<div class="bar" data-area="Seed">
    ${step("previous", "chevron-left", "Previous seed", "Alt+←")}${step("next", "chevron-right", "Next seed", "Alt+→")}
    <button
      class="seed"
      id="seed"
      aria-haspopup="listbox"
      aria-expanded=${picker !== null}
      title=${seed.title}
      @click=${() => store.openPicker(picker === null)}
    ><span class="quiet">${seed.dataset}</span>${
      seed.at === null
        ? html`<span class="num quiet">one of ${count(seed.total)}</span>`
        : html`<span class="num">${count(seed.at)}</span><span class="num quiet">of ${count(seed.total)}</span>`
    }<span class="ellipsis">${seed.title}</span>${icon("chevron-down")}</button>
    <button class="action" aria-label="Random seed" title="Random seed (${keyName("Alt+R")})" @click=${() => store.pick("random")}>${icon(
      "refresh",
    )}<span class="wide">Random</span></button>
    <button class="action" aria-label="Longest seed" title="Longest seed (${keyName("Alt+L")})" @click=${() => store.pick("longest")}>${icon(
      "arrow-both",
    )}<span class="wide">Longest</span></button>
    ${picker === null ? nothing : viewDropdown(store, picker)}
  </div>`;
}

function viewNoSeed(store: Store): TemplateResult {
  const { preview, host } = store.state;
  const from = preview?.rendering?.values.from;
  const words = host?.uri == null ? "" : from === "none" ? "This template needs no seed" : "No seeds yet: sample values stand in for them";
  return html`<div class="bar" data-area="Seed">
    <span class="ellipsis grow quiet">${words}</span>
    ${
      words === ""
        ? nothing
        : html`<button class="action" @click=${() => store.command("jiuzhang.importFile")}>${icon("add")}Import seeds…</button>`
    }
  </div>`;
}

function viewDropdown(store: Store, picker: Picker): TemplateResult {
  const { host } = store.state;
  const seeds = picker.seeds ?? [];
  const current = host?.seed ?? null;
  const leave = ({ currentTarget, relatedTarget }: FocusEvent) => {
    if (relatedTarget instanceof Node && !(currentTarget as HTMLElement).contains(relatedTarget)) store.openPicker(false);
  };
  return html`<div class="dropdown" @focusout=${leave}>
    <div class="search">
      <input
        class="field grow"
        id="seed-search"
        type="text"
        role="combobox"
        aria-label="Search seeds by their text"
        aria-expanded="true"
        aria-controls="seed-options"
        aria-autocomplete="list"
        aria-activedescendant=${picker.active === -1 ? nothing : `seed-option-${picker.active}`}
        placeholder="Search seeds by their text"
        spellcheck="false"
        .value=${picker.search}
        @input=${(event: Event) => store.search((event.target as HTMLInputElement).value)}
        @keydown=${(event: KeyboardEvent) => walkOptions(event, store)}
      >
      ${(host?.datasets.length ?? 0) > 1 ? viewDatasets(store) : nothing}
    </div>
    <div role="listbox" id="seed-options" aria-label="Seeds">${seeds.map((seed, at) =>
      viewOption(store, seed, at, { active: at === picker.active, chosen: seed.id === current?.id }),
    )}</div>
    <div class="note quiet" role="status">${noteOf(picker)}</div>
  </div>`;
}

function viewDatasets(store: Store): TemplateResult {
  const { host } = store.state;
  const take = (event: Event) => {
    store.openPicker(false);
    store.choose({ dataset: (event.target as HTMLSelectElement).value, pick: { how: "first" } });
  };
  return html`<select class="choice" aria-label="Dataset" @change=${take}>${host?.datasets.map(
    ({ name, rows }) => html`<option value=${name} ?selected=${name === host.seed?.dataset}>${name} (${count(rows)})</option>`,
  )}</select>`;
}

function viewOption(store: Store, seed: PickedSeed, at: number, { active, chosen }: { active: boolean; chosen: boolean }): TemplateResult {
  return html`<div
    class="option ${active ? "active" : ""}"
    role="option"
    id="seed-option-${at}"
    aria-selected=${active}
    @click=${() => store.pickSeed(seed)}
  ><span class="num quiet">${seed.at === null ? "" : count(seed.at)}</span><span class="ellipsis grow">${seed.title}</span>${
    chosen ? html`<span class="quiet">shown</span>` : nothing
  }<span class="num quiet wide">${counted(seed.characters, "character")}</span></div>`;
}

function walkOptions(event: KeyboardEvent, store: Store): void {
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
  if (step !== undefined) store.walkPicker(step);
  else if (event.key === "Enter") store.takePicked();
  else if (event.key === "Escape") store.openPicker(false);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function noteOf({ seeds, more, problem, search }: Picker): string {
  if (problem !== null) return problem.message;
  if (seeds === null) return "Searching…";
  if (seeds.length === 0) return search === "" ? "There are no seeds in this dataset" : "No seed has these words";
  return more ? "More seeds match: type more of the text" : "";
}

import { html, type TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import "@vscode-elements/elements/dist/vscode-button/index.js";
import { holdsCommand, keyName } from "../../shared/keys.ts";
import type { Draft } from "../model/kept-state.ts";
import type { CorpusStore } from "../model/store.ts";

/** The row's texts as fields. What is typed is remembered over a reload, and saved as a new row in the old one's place. */
export function viewEditForm(store: CorpusStore, draft: Draft): TemplateResult {
  const { acting } = store;
  const field = (name: "text" | "solution", label: string, rows: number) => html`<label class="field">
    <h2>${label}</h2>
    <textarea
      rows=${rows}
      spellcheck="false"
      .value=${draft[name]}
      ${name === "text" ? ref((element) => takeCursor(store, draft.id, element)) : ""}
      @input=${(event: InputEvent) => acting.changeDraft({ [name]: (event.target as HTMLTextAreaElement).value })}
    ></textarea>
  </label>`;
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && holdsCommand(event)) void acting.saveEdit();
    else if (event.key === "Escape") acting.dropEdit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<section class="edit" @keydown=${press}>
    ${field("text", "Problem", 8)} ${field("solution", "Solution", 12)}
    <label class="field">
      <h2>Answer</h2>
      <input
        type="text"
        spellcheck="false"
        .value=${draft.answer}
        @input=${(event: InputEvent) => acting.changeDraft({ answer: (event.target as HTMLInputElement).value })}
      />
    </label>
    <div class="buttons">
      <vscode-button ?disabled=${acting.busy || draft.text.trim() === ""} @click=${() => void acting.saveEdit()}
        >Save <kbd class="key">${keyName("Ctrl+Enter")}</kbd></vscode-button
      >
      <vscode-button secondary @click=${() => acting.dropEdit()}>Cancel <kbd class="key">Esc</kbd></vscode-button>
    </div>
  </section>`;
}

/** Called at each drawing: the cursor goes into the field when an edit begins, and stays where the person puts it afterwards. */
function takeCursor({ acting }: CorpusStore, id: string, element: Element | undefined): void {
  if (element instanceof HTMLElement && acting.takesCursor(id)) element.focus();
}

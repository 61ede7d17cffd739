import { html, type TemplateResult } from "lit";

/** A codicon beside words that say the same; screen readers pass over it. */
export const icon = (name: string, state = ""): TemplateResult =>
  html`<span class="codicon codicon-${name} ${state}" aria-hidden="true"></span>`;

/** A codicon that stands for words of its own. */
export const signIcon = (name: string, label: string, state = ""): TemplateResult =>
  html`<span class="codicon codicon-${name} ${state}" role="img" aria-label=${label} title=${label}></span>`;

import { html, nothing, type TemplateResult } from "lit";
import type { Problem } from "#protocol/errors.ts";
import { duration } from "../../shared/format.ts";
import { icon } from "../../shared/icon.ts";
import type { State, Store } from "../model/store.ts";

/** What stands in the legend's place, so that nothing below it moves. */
export interface Banner {
  problem: Problem;
  /** Where the template is to be mended. */
  span: { start: number; end: number } | null;
  /** How many further problems of this kind there are. */
  more: number;
  /** Whether what is shown is older than the problem. */
  old: boolean;
  dismissable: boolean;
}

/** The first thing that the user should know, null where all is well. */
export function bannerOf({ server, host, preview, good, told }: State): Banner | null {
  const one = (problem: Problem, more: Partial<Banner> = {}): Banner => ({
    problem,
    span: null,
    more: 0,
    old: good !== null,
    dismissable: false,
    ...more,
  });
  if (server.state === "stopped") return one(server.problem ?? { code: "server/stopped", message: "The server has stopped" });
  if (server.state === "starting" && server.problem !== null)
    return one({ ...server.problem, message: `${sentence(server.problem.message)} It is being started again` });
  const errors = preview?.problems.filter(({ severity }) => severity === "error") ?? [];
  const [first] = errors;
  if (first !== undefined) {
    const line = first.where?.line;
    const message = line === undefined ? first.message : `Line ${line}: ${first.message}`;
    return one({ ...first, message }, { span: first.span, more: errors.length - 1 });
  }
  if (told !== null && "problem" in told) return one(told.problem, { old: false, dismissable: true });
  return host?.notice == null ? null : one(host.notice);
}

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);

export function viewBanner(store: Store, banner: Banner, view: { now: number; open: boolean; toggle(): void }): TemplateResult {
  const { problem, span, more, old, dismissable } = banner;
  const line = problem.where?.line;
  const age = Math.max(0, (view.now - store.state.goodAt) / 1000);
  const words = `${sentence(problem.message)}${more === 0 ? "" : ` And ${more} more.`}`;
  return html`<div class="banner ${view.open ? "open" : ""}" data-area="Problem">
    ${icon("warning", "warn")}
    <button class="words ${view.open ? "" : "ellipsis"}" aria-expanded=${view.open} title=${`${words} ${problem.remedy ?? ""}`} @click=${view.toggle}
      ><span role="status">${words}${view.open && problem.remedy !== undefined ? ` ${problem.remedy}` : ""}</span></button>
    ${old ? html`<span class="num quiet wide">Last good preview, ${age < 1 ? "a moment" : duration(Math.floor(age)).replace(".0", "")} old.</span>` : nothing}
    <span class="grow"></span>
    ${span === null ? nothing : html`<button class="link" @click=${() => store.reveal(span)}>Go to line ${line ?? ""}</button>`}
    ${store.state.server.state === "stopped" ? html`<button class="link" @click=${() => store.command("jiuzhang.restartServer")}>Restart the server</button>` : nothing}
    ${dismissable ? html`<button class="action" aria-label="Close this message" @click=${store.dismiss}>${icon("close")}</button>` : nothing}
  </div>`;
}

import { html, nothing, type TemplateResult } from "lit";
import type { Source } from "#protocol/corpus.ts";
import type { WalkForward } from "#protocol/messages/corpus.ts";
import { count, counted, duration } from "../../shared/format.ts";
import type { CorpusStore } from "../model/store.ts";

interface Step {
  name: string;
  words: TemplateResult | string;
  links: { label: string; title?: string; run(): void }[];
}

/** From the row back to the line that made it; each step opens its file at the line. */
export function viewProvenance(store: CorpusStore, walk: WalkForward): TemplateResult {
  const steps = stepsOf(store, walk);
  return html`<section>
    <h2>Where it comes from</h2>
    ${
      steps.length === 0
        ? html`<p class="quiet">Nothing is known of where this row comes from.</p>`
        : html`<ol class="chain">
            ${steps.map(
              ({ name, words, links }) => html`<li>
                <span class="quiet">${name}</span>
                <span class="ellipsis words">${words}</span>
                <span class="links">${links.map(({ label, title, run }) => html`<button class="link" title=${title ?? nothing} @click=${run}>${label}</button>`)}</span>
              </li>`,
            )}
          </ol>`
    }
    ${walk.response === null && walk.source !== null ? html`<p class="quiet">Imported, not generated: there is no request behind it.</p>` : nothing}
  </section>`;
}

function stepsOf(store: CorpusStore, { response, request, template, seed, source }: WalkForward): Step[] {
  const open =
    (file: string, line: number | null, span: Source["span"] = null) =>
    () =>
      void store.ask("host/open", { file, line, span });
  const steps: Step[] = [];
  if (response !== null)
    steps.push({
      name: "Response",
      words: [
        response.usage === null ? null : counted(response.usage.completion, "token"),
        response.finish,
        response.milliseconds === null ? null : duration(response.milliseconds / 1_000),
        response.model,
      ]
        .filter((part) => part !== null && part !== "")
        .join(", "),
      links: [{ label: lineWords(response.line), title: response.file, run: open(response.file, response.line) }],
    });
  if (request !== null)
    steps.push({
      name: "Request",
      words: html`<span class="id" title=${request.key}>${request.key.slice(0, 8)}</span> ${settingsOf(request.body)}sample ${count(request.sample + 1)}`,
      links: [
        {
          label: "body",
          title: "The wire body as it was sent",
          run: () => void store.ask("host/document", { text: `${JSON.stringify(request.body, null, 2)}\n`, language: "json" }),
        },
        { label: lineWords(request.line), title: request.file, run: open(request.file, request.line) },
      ],
    });
  if (template !== null)
    steps.push({
      name: "Template",
      words: html`<span title=${template.path}>${template.path}</span>`,
      links: [
        { label: "as sent", title: "The template as it was when this was asked", run: open(template.snapshot, template.line) },
        {
          label: template.line === null ? "open" : lineWords(template.line),
          title: template.path,
          run: open(template.path, template.line),
        },
      ],
    });
  if (seed !== null) {
    steps.push({
      name: "Seed",
      words: html`<span class="id" title=${seed.id}>${seed.id.slice(0, 8)}</span> in ${seed.dataset}`,
      links: [{ label: "read", run: () => void store.ask("host/openRow", { id: seed.id, mode: "read" }) }],
    });
    steps.push(sourceStep(seed.source, open));
  }
  if (source !== null) steps.push(sourceStep(source, open));
  return steps;
}

function sourceStep(source: Source, open: (file: string, line: number, span: Source["span"]) => () => void): Step {
  const name = source.file.split("/").at(-1) ?? source.file;
  return {
    name: "Source",
    words: html`<span title=${source.file}>${name}</span>${source.license === null ? nothing : html`, <span class="quiet" title="Licence">${source.license}</span>`}`,
    links: [
      { label: "as imported", title: "The copy that was taken when it was imported", run: open(copyOf(source), source.line, source.span) },
      {
        label: source.span === null ? lineWords(source.line) : `characters ${count(source.span.start)}–${count(source.span.end)}`,
        title: source.file,
        run: open(source.file, source.line, source.span),
      },
    ],
  };
}

/** Where the project keeps what it has imported. */
const copyOf = ({ sha256 }: Source): string => `.jiuzhang/imports/${sha256}/data`;

const lineWords = (line: number): string => `line ${count(line)}`;

function settingsOf(body: Record<string, unknown>): string {
  const { temperature } = body;
  return typeof temperature === "number" ? `temperature ${temperature}, ` : "";
}

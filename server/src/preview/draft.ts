import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import { AppError } from "#protocol/errors.ts";
import { PREVIEW_MAX_CHARACTERS } from "#protocol/limits.ts";
import type { PreviewInput, PreviewProblem, Rendering } from "#protocol/messages/preview.ts";
import type { Diagnostic } from "#protocol/template.ts";
import { errorsOf } from "../prompty/load.ts";
import { createPositions } from "../prompty/positions.ts";
import { type Rendered, render } from "../prompty/render.ts";
import type { Template } from "../prompty/template.ts";
import { requestOf, type SeedRow } from "../synthesis/build-request.ts";
import { listInputs } from "./inputs.ts";
import { omitMiddle } from "./omit.ts";
import { previewMessages } from "./segments.ts";
import { cutBody, printBody } from "./wire.ts";

export interface DraftParts {
  template: Template;
  /** How problems name the template. */
  path: string;
  /** The row that the request is made for. */
  seed: SeedRow;
  /** What the template is rendered with: the row's values, or made up ones. */
  values: Record<string, unknown>;
  from: Rendering["values"]["from"];
  endpoint: EndpointDeclaration;
  /** Null where the model is not known yet: there is no key then. */
  identity: string | null;
  /** Which sample of this template and seed it is, from 0. */
  sample: number;
  /** The body as this endpoint is sent it. */
  spell(body: Record<string, unknown>): Record<string, unknown>;
}

/** A preview without what takes time: its tokens. */
export interface Draft {
  problems: PreviewProblem[];
  /** Null where an error forbids sending. */
  request: DraftRequest | null;
}

export interface DraftRequest {
  /** The request's key if it were another sample; null where no key is known. */
  keyAt(sample: number): string | null;
  messages: Rendering["messages"];
  omitted: number;
  inputs: PreviewInput[];
  path: string;
  /** As sent. */
  body: Record<string, unknown>;
  wire: Omit<Rendering["wire"], "url">;
}

/** Stands in the request key's place of a model that is not known; the key is left out then. */
const NO_IDENTITY = "unknown";

/** Renders a template into what would be sent: by the same steps as generation, with nothing left out but the sending. */
export function draftPreview(parts: DraftParts): Draft {
  const { template, path } = parts;
  const problem = (diagnostic: Diagnostic) => toPreviewProblem(diagnostic, path);
  const found = template.diagnostics.map(problem);
  if (errorsOf(template.diagnostics).length > 0) return { problems: inOrder(found), request: null };
  const rendered = tryTo(() => render(template, parts.values));
  if ("problem" in rendered) return { problems: inOrder([...found, atPlace(rendered.problem, template, path)]), request: null };
  const problems = inOrder([...found, ...rendered.value.diagnostics.map(problem)]);
  if (errorsOf(rendered.value.diagnostics).length > 0) return { problems, request: null };
  const request = tryTo(() => finish(parts, rendered.value));
  if ("problem" in request) return { problems: inOrder([...problems, atPlace(request.problem, template, path)]), request: null };
  return { problems, request: request.value };
}

function finish({ template, path, seed, values, from, endpoint, identity, sample, spell }: DraftParts, rendered: Rendered): DraftRequest {
  const parts = {
    template,
    templatePath: path,
    templateSha256: "",
    seed,
    modelName: endpoint.model,
    modelIdentity: identity ?? NO_IDENTITY,
    sampling: {},
    sample,
    maxTokensField: endpoint.max_tokens_field,
  };
  const { line, key } = requestOf(parts, rendered);
  const keyed = identity !== null && from !== "sample";
  const inputs = listInputs(template, rendered.segments, { from: from === "sample" ? "sample" : "seed", values });
  const messages = previewMessages(template, rendered, inputs, createPositions(template.source));
  const body = spell(line.body);
  return {
    keyAt: (other) => (keyed ? requestOf({ ...parts, sample: other }, rendered).key : null),
    ...omitMiddle(messages, PREVIEW_MAX_CHARACTERS),
    inputs,
    path: line.url,
    body,
    wire: { ...cutBody(printBody(body, messages), PREVIEW_MAX_CHARACTERS), key: keyed ? key : null, sample },
  };
}

/** Errors first, each kind in the order of the source. */
const inOrder = (problems: readonly PreviewProblem[]): PreviewProblem[] =>
  (["error", "warning"] as const).flatMap((severity) => problems.filter((problem) => problem.severity === severity));

export const toPreviewProblem = (diagnostic: Diagnostic, path: string): PreviewProblem => ({
  ...diagnostic,
  where: { file: path, ...diagnostic.where },
});

function tryTo<T>(run: () => T): { value: T } | { problem: AppError["problem"] } {
  try {
    return { value: run() };
  } catch (thrown) {
    if (thrown instanceof AppError) return { problem: thrown.problem };
    throw thrown;
  }
}

/** A thrown problem with its place as a span, where it names one. */
function atPlace(problem: AppError["problem"], { source }: Template, path: string): PreviewProblem {
  const { line, column = 1, endLine = line, endColumn = column } = problem.where ?? {};
  const where = { file: path, ...problem.where };
  if (line === undefined || endLine === undefined) return { ...problem, where, severity: "error", span: null };
  const starts = [0, ...[...source.matchAll(/\r\n|\n|\r/g)].map(({ index, 0: end }) => index + end.length)];
  const offset = (at: number, beside: number) => Math.min((starts[at - 1] ?? source.length) + beside - 1, source.length);
  return { ...problem, where, severity: "error", span: { start: offset(line, column), end: offset(endLine, endColumn) } };
}

import { AppError } from "#protocol/errors.ts";
import type { IndexLine, RequestLine } from "#protocol/files/shards.ts";
import { throwErrors } from "../prompty/load.ts";
import { type Rendered, render } from "../prompty/render.ts";
import type { Template } from "../prompty/template.ts";
import { toRequest } from "../prompty/wire.ts";
import { requestKey } from "../requests/request-key.ts";
import { type Sampling, samplingOptions } from "./sampling.ts";

/** A seed as it enters a template: its text as `text`, its other columns (source, section, …) under their names. */
export interface SeedRow {
  id: string;
  dataset: string;
  text: string;
  stage?: string | null | undefined;
  columns?: Record<string, unknown> | undefined;
}

export interface RequestParts {
  template: Template;
  /** As the user named it, relative to the project inside it. */
  templatePath: string;
  templateSha256: string;
  /** Null where the template needs none. */
  seed: SeedRow | null;
  /** The endpoint's name of the model. */
  modelName: string;
  modelIdentity: string;
  sampling: Sampling;
  sample: number;
  /** `auto` writes `max_tokens`; the endpoint is asked with the name it knows. */
  maxTokensField: "auto" | "max_tokens" | "max_completion_tokens";
  /** Whether declared outputs are asked for as `response_format`. */
  structured?: boolean;
}

export interface BuiltRequest {
  key: string;
  line: RequestLine;
  index: IndexLine;
  rendered: Rendered;
}

/**
 * The one way from a seed and a template to a request: preview, single problem and bulk run all send what this gives.
 * @throws the rendering's first error (template/missing-input, template/invalid-input, template/strict-violation), with the seed in `data`
 */
export function buildRequest(parts: RequestParts): BuiltRequest {
  return requestOf(parts, renderSeed(parts));
}

/** The values of a seed as a template takes them. */
export const seedValues = (seed: SeedRow | null): Record<string, unknown> => (seed === null ? {} : { ...seed.columns, text: seed.text });

/** The request that a rendering without errors makes: the second half of `buildRequest`, for whoever shows the rendering, too. */
export function requestOf(parts: RequestParts, rendered: Rendered): BuiltRequest {
  const { template, templatePath, seed, sample } = parts;
  const { url, body } = toRequest(template, rendered, {
    model: parts.modelName,
    sampling: samplingOptions(template.model?.options ?? {}, parts.sampling, sample, seed?.text ?? null),
    maxTokensField: parts.maxTokensField === "auto" ? "max_tokens" : parts.maxTokensField,
    ...(parts.structured === undefined ? {} : { structured: parts.structured }),
  });
  const key = requestKey(parts.modelIdentity, body, sample);
  const { stage, format } = template.profile;
  return {
    key,
    line: { custom_id: key, method: "POST", url, body },
    index: {
      custom_id: key,
      seed: seed === null ? null : { id: seed.id, dataset: seed.dataset },
      template: { path: templatePath, sha256: parts.templateSha256 },
      sample,
      stage: stage ?? seed?.stage ?? null,
      format,
    },
    rendered,
  };
}

function renderSeed({ template, templatePath, seed }: RequestParts): Rendered {
  try {
    const rendered = render(template, seedValues(seed));
    throwErrors(rendered.diagnostics, templatePath);
    return rendered;
  } catch (error) {
    if (!(error instanceof AppError) || seed === null) throw error;
    const { problem } = error;
    throw new AppError({ ...problem, data: { ...problem.data, seed: seed.id, dataset: seed.dataset } }, { cause: error });
  }
}

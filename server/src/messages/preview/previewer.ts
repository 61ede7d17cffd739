import { performance } from "node:perf_hooks";
import { AppError, fail, toProblem } from "#protocol/errors.ts";
import type { Preview, PreviewProblem, Rendering } from "#protocol/messages/preview.ts";
import type { Params } from "#protocol/messages.ts";
import { normalizeBaseUrl } from "../../endpoints/base-url.ts";
import { createDialect } from "../../endpoints/dialect.ts";
import { curlCommand } from "../../preview/curl.ts";
import { type Draft, type DraftRequest, draftPreview } from "../../preview/draft.ts";
import { needsValues } from "../../preview/names.ts";
import { sampleValues } from "../../preview/sample-values.ts";
import { countsExactly, estimateTokens, expectedCompletion, expectedCost, formatTokens, promptTexts } from "../../preview/tokens.ts";
import type { Template } from "../../prompty/template.ts";
import { NO_SEED } from "../../runs/seeds.ts";
import { type SeedRow, seedValues } from "../../synthesis/build-request.ts";
import type { ServerContext } from "../context.ts";
import { folderOf } from "../projects.ts";
import { createAnswers } from "./answers.ts";
import { type PreviewDocument, readDocument } from "./document.ts";
import { createSamples } from "./samples.ts";
import { createSeeds } from "./seeds.ts";
import { createTargets, type Target } from "./target.ts";
import { createTokenCounter } from "./token-counter.ts";

type Subject = Omit<Params<"preview/render">, "settle">;

/** How long a preview waits for its tokens before it is shown without. */
const TOKENS_WITHIN_MILLISECONDS = 3;

export interface Previewer {
  render(subject: Subject, settle: boolean): Promise<Preview>;
  /** @throws the first error of the template, or of its values */
  copy(subject: Subject, what: "body" | "curl"): Promise<string>;
}

interface Values {
  seed: SeedRow;
  values: Record<string, unknown>;
  from: Rendering["values"]["from"];
  problem: PreviewProblem | null;
}

/** Renders previews: from memory, but for what is seen for the first time. */
export function createPreviewer(context: ServerContext): Previewer {
  const seeds = createSeeds(context.projects);
  const answers = createAnswers(context.projects, () => performance.now());
  const samples = createSamples(context.projects, () => performance.now());
  const targets = createTargets(() => context.storage);
  const tokens = createTokenCounter((thrown) => context.report(toProblem(thrown)));

  const valuesOf = async (template: Template, { project, seed }: Subject): Promise<Values> => {
    let problem: PreviewProblem | null = null;
    if (seed !== null && project !== null)
      try {
        const row = await seeds.row(project, seed);
        return { seed: row, values: seedValues(row), from: "seed", problem };
      } catch (thrown) {
        problem = { ...toProblem(thrown), severity: "warning", span: null };
      }
    // As generation without a seed does it.
    if (!needsValues(template)) return { seed: NO_SEED, values: seedValues(NO_SEED), from: "none", problem };
    return { seed: NO_SEED, values: sampleValues(template), from: "sample", problem };
  };

  const drafted = async (
    subject: Subject,
    settle: boolean,
  ): Promise<{
    settled: boolean;
    document: PreviewDocument;
    target: Target;
    values: Values;
    draft: Draft;
  }> => {
    const projectDir = subject.project === null ? null : folderOf(subject.project);
    const [document, target] = await Promise.all([
      readDocument(context, projectDir, subject.uri),
      targets.find(projectDir, subject.endpoint),
    ]);
    const { template, path } = document;
    const values = await valuesOf(template, subject);
    const { endpoint, identity } = target;
    // A dialect learns from refusals, so each preview begins with a new one, as each job does.
    const spell = (body: Record<string, unknown>) => createDialect("auto").spell(body, true);
    const parts = { template, path, ...values, endpoint, identity, sample: 0, spell };
    let draft = draftPreview(parts);
    const firstKey = draft.request?.wire.key ?? null;
    const sample = await nextSample(subject, draft.request, firstKey, settle);
    if (sample !== undefined && sample > 0) draft = draftPreview({ ...parts, sample });
    const more = [values.problem, target.problem === null ? null : ({ ...target.problem, severity: "warning", span: null } as const)];
    draft.problems.push(...more.filter((problem) => problem !== null));
    return { settled: sample !== undefined, document, target, values, draft };
  };

  /** Which sample Generate would ask for; undefined where that is not known yet. */
  const nextSample = async ({ project }: Subject, request: DraftRequest | null, firstKey: string | null, settle: boolean) => {
    if (project === null || request === null || firstKey === null) return 0;
    const known = samples.known(project, firstKey);
    if (known !== undefined || !settle) return known;
    // An index that cannot be read has no answers that it could tell of.
    return await samples.look(project, firstKey, request.keyAt).catch(() => 0);
  };

  const tokensOf = async (
    { project }: Subject,
    { body }: DraftRequest,
    { endpoint }: Target,
    path: string,
    { settle, settled }: { settle: boolean; settled: boolean },
  ): Promise<Rendering["tokens"]> => {
    const texts = promptTexts(body);
    const [counted, mean] = settle
      ? await Promise.all([tokens.count(texts), project === null ? null : answers.look(project, path)])
      : [await tokens.countWithin(texts, TOKENS_WITHIN_MILLISECONDS), project === null ? null : answers.known(project, path)];
    const prompt = (counted ?? estimateTokens(texts)) + formatTokens(body);
    const completion = expectedCompletion(body, mean ?? null);
    return {
      prompt,
      exact: counted !== null && countsExactly(endpoint.model, body),
      settled: settle || (settled && counted !== null && mean !== undefined),
      completion,
      cost: expectedCost(prompt, completion, endpoint.price),
      endpoint: { name: endpoint.name, model: endpoint.model, embedded: endpoint.embedded },
    };
  };

  return {
    async render(subject, settle) {
      const began = performance.now();
      const { settled, document, target, values, draft } = await drafted(subject, settle);
      const { request } = draft;
      const rendering: Rendering | null =
        request === null
          ? null
          : {
              messages: request.messages,
              inputs: request.inputs,
              values:
                values.from === "seed"
                  ? { from: "seed", seed: { dataset: values.seed.dataset, id: values.seed.id } }
                  : { from: values.from },
              wire: { url: `${baseUrlOf(target) ?? "{base_url}"}${pathOf(request)}`, ...request.wire },
              tokens: await tokensOf(subject, request, target, document.path, { settle, settled }),
              omitted: request.omitted,
            };
      return {
        uri: subject.uri,
        version: document.version,
        path: document.path,
        problems: draft.problems,
        rendering,
        milliseconds: performance.now() - began,
      };
    },

    async copy(subject, what) {
      const { target, draft } = await drafted(subject, true);
      const { request } = draft;
      if (request === null) throw firstError(draft.problems);
      const { body } = request;
      return what === "body"
        ? `${JSON.stringify(body, null, 2)}\n`
        : curlCommand({ baseUrl: baseUrlOf(target), path: pathOf(request), body, keyVariable: target.keyVariable });
    },
  };
}

/** The address that is asked, without the call; null for the embedded engine, which has one only while it runs. */
function baseUrlOf({ endpoint }: Target): string | null {
  if (endpoint.base_url === null) return null;
  try {
    return normalizeBaseUrl(endpoint.base_url).replace(/\/$/, "");
  } catch {
    // Generation says what is wrong with it.
    return endpoint.base_url;
  }
}

/** What is appended to an endpoint's address. */
const pathOf = ({ path }: DraftRequest): string => path.replace(/^\/v1(?=\/)/, "");

/** The first error as it is thrown elsewhere. */
function firstError(problems: readonly PreviewProblem[]): AppError {
  const error = problems.find(({ severity }) => severity === "error");
  if (error === undefined) return fail("internal", "The preview has no request and no error");
  const { severity: _, span: __, ...problem } = error;
  return new AppError(problem);
}

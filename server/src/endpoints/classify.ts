import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError } from "openai";
import { AppError, type Problem, toProblem } from "#protocol/errors.ts";
import { networkProblem } from "./network-error.ts";
import { statusProblem } from "./status-error.ts";

/** What the caller knows about the request that failed; all of it only makes the message better. */
export interface CallContext {
  /** Host (and port) of the endpoint. */
  host?: string;
  model?: string;
  /** Whether a key was sent, so that a refusal can say whether it is wrong or missing. */
  keyed?: boolean;
  /** The key itself, only to take it out of what the endpoint says. */
  apiKey?: string | null;
  /** Milliseconds since the epoch, for waits that are told as dates. */
  now?: number;
}

/**
 * Any error of a call to a model as a problem: code, what happened, what to do. `data` holds host, status, the endpoint's own code and
 * words (`said`), the request's id, and `waitSeconds` where the endpoint told one. The key is never in it.
 */
export function classify(error: unknown, context: CallContext = {}): Problem {
  return withoutKey(problemOf(error, context), context.apiKey);
}

function problemOf(error: unknown, context: CallContext): Problem {
  if (error instanceof AppError) return error.problem;
  if (error instanceof APIUserAbortError)
    return { code: "model/aborted", message: `The request to ${name(context)} was stopped`, data: { host: context.host } };
  if (error instanceof APIConnectionTimeoutError || error instanceof APIConnectionError)
    return networkProblem(error.cause ?? error, name(context), context.host);
  if (error instanceof APIError) return statusProblem(error, context, name(context));
  if (error instanceof SyntaxError)
    return {
      code: "model/not-json",
      message: `What ${name(context)} answered is not JSON`,
      remedy: "Check that base_url points to an OpenAI-compatible server and not to a web page or a proxy.",
      data: { host: context.host, said: error.message },
    };
  if (error instanceof Error && error.name === "AbortError")
    return { code: "model/aborted", message: `The request to ${name(context)} was stopped`, data: { host: context.host } };
  if (error instanceof TypeError || (error instanceof Error && "code" in error)) return networkProblem(error, name(context), context.host);
  return toProblem(error);
}

const name = (context: CallContext): string => context.host ?? "the endpoint";

/** Some endpoints repeat the key in their refusal. It must not reach a file or a screen. */
function withoutKey(problem: Problem, apiKey: string | null | undefined): Problem {
  const hide = (text: string): string => {
    const known = apiKey !== null && apiKey !== undefined && apiKey.length >= 4 ? text.replaceAll(apiKey, "[key]") : text;
    return known.replace(/\b(sk|gsk|hf|xai|pplx|AIza)[-_][\w*.-]{6,}/g, "[key]").replace(/\bBearer\s+[^\s"']+/gi, "Bearer [key]");
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") return hide(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(
        Object.entries(value)
          .filter(([, item]) => item !== undefined && item !== null)
          .map(([key, item]) => [key, walk(item)]),
      );
    return value;
  };
  const clean: Problem = { ...problem, message: hide(problem.message) };
  if (problem.data !== undefined) clean.data = walk(problem.data) as Record<string, unknown>;
  return clean;
}

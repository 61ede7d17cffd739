import { ApiError, invalid, unsupported } from "./api-error.ts";

export type Json = Record<string, unknown>;

/** How one answer is to be written; every field is set, so that nothing depends on a default of the engine below. */
export interface Writing {
  maxTokens: number;
  stop: string[];
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
  repeatPenalty: number;
  frequencyPenalty: number;
  presencePenalty: number;
  /** Null draws one. */
  seed: number | null;
  /** `json`: any JSON value; a schema: what it describes; null: free text. */
  shape: "json" | { schema: object } | null;
}

export interface Delivery {
  stream: boolean;
  includeUsage: boolean;
}

/** Without a limit of the request an answer ends here: a small model can repeat itself for ever. */
export const DEFAULT_MAX_TOKENS = 1_024;

/** Reads what both kinds of requests share. @throws ApiError 400 */
export function readWriting(body: Json): Writing {
  refuse(body);
  return {
    maxTokens: integer(body, "max_tokens", 1) ?? integer(body, "max_completion_tokens", 1) ?? DEFAULT_MAX_TOKENS,
    stop: readStop(body.stop),
    temperature: number(body, "temperature", 0, 100) ?? 1,
    topP: number(body, "top_p", 0, 1) ?? 1,
    topK: Math.max(0, integer(body, "top_k", -1) ?? 0),
    minP: number(body, "min_p", 0, 1) ?? 0,
    repeatPenalty: number(body, "repeat_penalty", 0, 100) ?? number(body, "repetition_penalty", 0, 100) ?? 1,
    frequencyPenalty: number(body, "frequency_penalty", -2, 2) ?? 0,
    presencePenalty: number(body, "presence_penalty", -2, 2) ?? 0,
    seed: readSeed(body),
    shape: readShape(body.response_format),
  };
}

export function readDelivery(body: Json): Delivery {
  const stream = body.stream ?? false;
  if (typeof stream !== "boolean") throw invalid("stream", "stream must be true or false");
  const options = body.stream_options;
  return { stream, includeUsage: typeof options === "object" && options !== null && (options as Json).include_usage === true };
}

/** Fields that would change the answer and that this server does not have: to ignore them would be a lie. */
function refuse(body: Json): void {
  for (const field of ["n", "best_of"])
    if ((integer(body, field, 1) ?? 1) !== 1) throw unsupported(field, `${field} must be 1: this server writes one answer per request`);
  for (const field of ["logprobs", "top_logprobs", "echo", "suffix", "logit_bias", "tools", "functions"]) {
    const value = body[field];
    const given = Array.isArray(value)
      ? value.length > 0
      : typeof value === "object" && value !== null
        ? Object.keys(value).length > 0
        : Boolean(value);
    if (given) throw unsupported(field, `${field} is not supported by this server`);
  }
}

function readStop(stop: unknown): string[] {
  if (stop === undefined || stop === null) return [];
  const list = Array.isArray(stop) ? stop : [stop];
  if (!list.every((text) => typeof text === "string") || list.length > 64)
    throw invalid("stop", "stop must be a string or a list of at most 64 strings");
  return list.filter((text) => text !== "");
}

/** The sampler takes 32 bits, and its largest value means "draw one". */
function readSeed(body: Json): number | null {
  const seed = integer(body, "seed", Number.MIN_SAFE_INTEGER);
  return seed === null ? null : ((seed % SEEDS) + SEEDS) % SEEDS;
}

const SEEDS = 2 ** 32 - 1;

function readShape(format: unknown): Writing["shape"] {
  if (format === undefined || format === null) return null;
  const { type, json_schema: named } = format as { type?: unknown; json_schema?: { schema?: unknown } };
  if (type === "text") return null;
  if (type === "json_object") return "json";
  if (type === "json_schema" && typeof named?.schema === "object" && named.schema !== null) return { schema: named.schema };
  throw invalid("response_format", "response_format must be text, json_object, or json_schema with json_schema.schema");
}

function number(body: Json, field: string, low: number, high: number): number | null {
  const value = body[field];
  if (value === undefined || value === null) return null;
  if (typeof value !== "number" || !(value >= low && value <= high))
    throw invalid(field, `${field} must be a number from ${low} to ${high}`);
  return value;
}

function integer(body: Json, field: string, low: number): number | null {
  const value = body[field];
  if (value === undefined || value === null) return null;
  if (!Number.isSafeInteger(value) || (value as number) < low) throw invalid(field, `${field} must be a whole number of at least ${low}`);
  return value as number;
}

/** The object that a request carries. @throws ApiError 400 */
export function parseBody(text: string): Json {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw new ApiError(400, `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new ApiError(400, "The body must be a JSON object");
  return body as Json;
}

import OpenAI from "openai";
import type { EndpointDeclaration, Reply } from "#protocol/endpoints.ts";
import { AppError, fail } from "#protocol/errors.ts";
import type { Delta } from "./assemble.ts";
import { assess } from "./assess.ts";
import { normalizeBaseUrl } from "./base-url.ts";
import { type CallContext, classify } from "./classify.ts";
import { createDialect } from "./dialect.ts";
import { readAnswer, readJson } from "./read-answer.ts";
import { readUsage } from "./usage.ts";

export interface EndpointOptions {
  baseUrl: string;
  /** Null for servers that want none. It is sent as a bearer token and never appears in an error. */
  apiKey: string | null;
  /** Named in messages; the request's own body says which model is asked. */
  model: string;
  /** Seconds without a single byte after which a request counts as stalled. */
  stallSeconds: number;
  maxTokensField?: EndpointDeclaration["max_tokens_field"];
  fetch?: typeof globalThis.fetch;
}

export interface Call {
  /** `/v1/chat/completions` or `/v1/completions`, as a request line names it. */
  url: string;
  /** The canonical wire body; sent as it is, with `stream` and `stream_options` added for a stream. */
  body: Record<string, unknown>;
  stream: boolean;
  signal: AbortSignal;
  onDelta?: (delta: Delta) => void;
}

export interface Endpoint {
  /** One request and its whole answer. @throws AppError with a problem of `classify` */
  send(call: Call): Promise<Reply>;
  /** Names of the models that the endpoint offers. */
  models(signal: AbortSignal): Promise<string[]>;
  /** Stops everything in flight; later calls fail with model/aborted. */
  close(): void;
}

/** An OpenAI-compatible endpoint: one request each, no retries; those are the pipe's. Any number of requests may run at once. */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const baseURL = normalizeBaseUrl(options.baseUrl);
  const host = new URL(baseURL).host;
  const apiKey = cleanKey(options.apiKey, host);
  const context: CallContext = { host, model: options.model, keyed: apiKey !== null, apiKey };
  const dialect = createDialect(options.maxTokensField ?? "auto");
  const open = new Set<() => void>();
  let closed = false;
  const client = new OpenAI({
    baseURL,
    // The client insists on a key; the header is taken out where there is none.
    apiKey: apiKey ?? "none",
    adminAPIKey: null,
    organization: null,
    project: null,
    maxRetries: 0,
    logLevel: "off",
    timeout: MONTH_MS,
    ...(apiKey === null ? { defaultHeaders: { Authorization: null } } : {}),
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  });

  /** Runs one call under a watch that ends it when the caller does, when the endpoint closes, and when no byte comes for too long. */
  async function watched<T>(signal: AbortSignal, call: (signal: AbortSignal, alive: () => void) => Promise<T>): Promise<T> {
    const cancel = new AbortController();
    let stalled = false;
    const stop = () => cancel.abort();
    if (signal.aborted || closed) stop();
    signal.addEventListener("abort", stop, { once: true });
    open.add(stop);
    const timer = setTimeout(() => {
      stalled = true;
      cancel.abort();
    }, options.stallSeconds * 1000);
    try {
      return await call(cancel.signal, () => timer.refresh());
    } catch (error) {
      if (stalled)
        throw fail("model/stalled", `${host} sent nothing for ${options.stallSeconds} seconds`, {
          remedy: "Send the request again; where the model is slow, use streaming or raise the time to wait.",
          data: { host, seconds: options.stallSeconds },
          cause: error,
        });
      if (cancel.signal.aborted) throw fail("model/aborted", `The request to ${host} was stopped`, { data: { host }, cause: error });
      const problem = classify(error, { ...context, now: Date.now() });
      throw new AppError({ ...problem, data: { host, ...problem.data } });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      open.delete(stop);
    }
  }

  async function ask(call: Call, lessons: number): Promise<Reply> {
    const body = dialect.spell(call.body, call.stream);
    const began = performance.now();
    try {
      return await watched(call.signal, async (signal, alive) => {
        const response = await client.post(call.url.replace(/^\/v1(?=\/)/, ""), { body, signal }).asResponse();
        alive();
        const answer = await readAnswer(response, host, alive, call.onDelta);
        return toReply(response, answer, performance.now() - began, host);
      });
    } catch (error) {
      if (lessons > 0 && error instanceof AppError && dialect.learn(error.problem, body)) return ask(call, lessons - 1);
      throw error;
    }
  }

  return {
    // At most two lessons: the name of the length limit, and stream_options.
    send: (call) => ask(call, 2),

    models: (signal) =>
      watched(signal, async (inner, alive) => {
        const response = await client.get("/models", { signal: inner }).asResponse();
        const body = (await readJson(response, host, alive)) as { data?: unknown };
        if (!Array.isArray(body?.data))
          throw fail("model/not-json", `${host} answered without a list of models`, {
            remedy: "Check that base_url points to an OpenAI-compatible server.",
            data: { host },
          });
        return body.data.flatMap((model: { id?: unknown }) => (typeof model?.id === "string" ? [model.id] : []));
      }),

    close() {
      closed = true;
      for (const stop of open) stop();
    },
  };
}

/** The client's own deadline for the first byte must never be the one that counts; timers hold at most 2^31 − 1 milliseconds. */
const MONTH_MS = 2_147_483_647;

function toReply(response: Response, body: Record<string, unknown>, milliseconds: number, host: string): Reply {
  const problem = assess(body, host);
  return {
    status: response.status,
    requestId: response.headers.get("x-request-id") ?? response.headers.get("request-id"),
    body,
    usage: readUsage(body),
    milliseconds: Math.round(milliseconds),
    ...(problem === null ? {} : { problem }),
  };
}

/** A key with a line break or a foreign letter cannot stand in a header, and the error of the attempt would print it. */
function cleanKey(apiKey: string | null, host: string): string | null {
  const key = apiKey?.trim() ?? "";
  if (key === "") return null;
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw fail("model/wrong-key", `The key for ${host} holds a space, a line break or another character that no key has`, {
    remedy: "Copy it again, without quotes and line breaks.",
    data: { host },
  });
}

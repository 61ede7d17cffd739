import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ApiError } from "./api-error.ts";
import { carriesToken, createSlowResponse, readBody, sendJson } from "./http-io.ts";
import type { Token } from "./llama.ts";
import { type Json, parseBody, readDelivery, readWriting } from "./request-body.ts";
import type { Answer, createWriter } from "./write-answer.ts";

export interface ApiOptions {
  writer: ReturnType<typeof createWriter>;
  completionTokens: (prompt: unknown) => Token[];
  chatTokens: (messages: unknown) => Token[];
  token: string;
  model: { id: string; sha256: string; contextSize: number; created: number };
  /** Called when a request begins and when it is over. */
  onBusy: (change: 1 | -1) => void;
  log: (line: string) => void;
}

/** The routes of the OpenAI API that one local model can serve. Requests of any model name are answered by the one that is loaded. */
export function createApi(options: ApiOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { model } = options;
  const entry = {
    id: model.id,
    object: "model",
    created: model.created,
    owned_by: "jiuzhang",
    sha256: model.sha256,
    context_length: model.contextSize,
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!carriesToken(request, options.token))
      throw new ApiError(401, "The token of this server's start is missing or wrong", { code: "invalid_api_key" });
    const path = (request.url ?? "").split("?")[0];
    const route = ROUTES[path ?? ""];
    if (path === `/v1/models/${model.id}` && request.method === "GET") return sendJson(response, 200, entry);
    if (route === undefined) throw new ApiError(404, `There is nothing at ${path}`, { code: "unknown_url" });
    if (request.method !== route) throw new ApiError(405, `${path} takes ${route} only`);
    if (route === "GET") return sendJson(response, 200, { object: "list", data: [entry] });
    const body = parseBody(await readBody(request));
    await complete(path === "/v1/chat/completions" ? "chat" : "text", body, response);
  }

  async function complete(kind: "chat" | "text", body: Json, response: ServerResponse): Promise<void> {
    const writing = readWriting(body);
    const delivery = readDelivery(body);
    const tokens = kind === "chat" ? options.chatTokens(body.messages) : options.completionTokens(body.prompt);
    options.writer.checkLength(tokens);
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const slow = createSlowResponse(response, delivery.stream);
    const make = createObjects(kind, model.id);
    try {
      let role: { role?: string } = { role: "assistant" };
      const onText = (text: string) => {
        slow.event(make.chunk({ ...role, content: text }, null));
        role = {};
      };
      const written = await options.writer.write(tokens, writing, gone.signal, delivery.stream ? onText : undefined);
      if (!delivery.stream) return slow.end(make.whole(written));
      slow.event(make.chunk(role, written.finish));
      if (delivery.includeUsage) slow.event(make.usageChunk(written));
      slow.event("[DONE]");
      slow.end();
    } catch (error) {
      slow.fail(toApiError(error));
      if (!gone.signal.aborted) throw error;
    }
  }

  return (request, response) => {
    options.onBusy(1);
    response.once("close", () => options.onBusy(-1));
    response.on("error", (error) => options.log(`response: ${error.message}`));
    answer(request, response).catch((thrown) => {
      const error = toApiError(thrown);
      if (error.status >= 500) options.log(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
      if (!response.headersSent) sendJson(response, error.status, error.body(), error.status === 413 ? { connection: "close" } : {});
    });
  };
}

const ROUTES: Record<string, "GET" | "POST"> = { "/v1/models": "GET", "/v1/chat/completions": "POST", "/v1/completions": "POST" };

const toApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError(500, error instanceof Error ? error.message : String(error));

/** The objects of one answer; all of them carry its id. */
function createObjects(kind: "chat" | "text", model: string) {
  const head = { id: `${kind === "chat" ? "chatcmpl" : "cmpl"}-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model };
  const chunkHead = { ...head, object: kind === "chat" ? "chat.completion.chunk" : "text_completion" };
  return {
    chunk(delta: { role?: string; content?: string }, finish: string | null): object {
      const part = kind === "chat" ? { delta } : { text: delta.content ?? "" };
      return { ...chunkHead, choices: [{ index: 0, ...part, logprobs: null, finish_reason: finish }] };
    },
    usageChunk: (answer: Answer): object => ({ ...chunkHead, choices: [], usage: usageOf(answer) }),
    whole(answer: Answer): object {
      const part = kind === "chat" ? { message: { role: "assistant", content: answer.text, refusal: null } } : { text: answer.text };
      return {
        ...head,
        object: kind === "chat" ? "chat.completion" : "text_completion",
        choices: [{ index: 0, ...part, logprobs: null, finish_reason: answer.finish }],
        usage: usageOf(answer),
      };
    },
  };
}

const usageOf = (answer: Answer): object => ({
  prompt_tokens: answer.promptTokens,
  completion_tokens: answer.completionTokens,
  total_tokens: answer.promptTokens + answer.completionTokens,
  prompt_tokens_details: { cached_tokens: answer.cachedTokens },
});

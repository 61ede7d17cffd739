import { APIError } from "openai";
import { fail } from "#protocol/errors.ts";
import { createAssembler, type Delta } from "./assemble.ts";
import { createSseDecoder } from "./sse.ts";

type Json = Record<string, unknown>;

/**
 * Reads a successful response to its end and gives the complete answer object, whether it came as JSON or as a stream of events: some
 * servers answer JSON to a streaming request. `alive` is called for every piece that arrives.
 * @throws model/not-json, model/empty, model/reset, or what the connection threw
 */
export async function readAnswer(response: Response, who: string, alive: () => void, onDelta?: (delta: Delta) => void): Promise<Json> {
  const type = response.headers.get("content-type") ?? "";
  const body = /event-stream/i.test(type)
    ? await readEvents(response, who, alive, onDelta)
    : await readWhole(response, who, alive, onDelta);
  if (body.error !== undefined && body.error !== null && !Array.isArray(body.choices))
    throw new APIError(undefined, body.error as object, undefined, response.headers);
  if (!Array.isArray(body.choices) || body.choices.length === 0)
    throw fail("model/empty", `${who} answered without any choice`, {
      remedy: "Send the request again; if it stays, check that base_url points to an OpenAI-compatible server.",
      data: { said: JSON.stringify(body).slice(0, 300), status: response.status },
    });
  return body;
}

/** A JSON body of any kind, for `/v1/models` as well. */
export async function readJson(response: Response, who: string, alive: () => void): Promise<unknown> {
  return parse(await readText(response, alive), who, response);
}

async function readWhole(response: Response, who: string, alive: () => void, onDelta?: (delta: Delta) => void): Promise<Json> {
  const text = await readText(response, alive);
  if (/^\s*(data|event|id|:)\s*:/.test(text)) {
    const events = createSseDecoder();
    return fromEvents([...events.push(new TextEncoder().encode(text)), ...events.end()], who, response, onDelta);
  }
  const body = parse(text, who, response);
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw notJson(text, who, response);
  const whole = body as Json;
  // Whoever follows the stream also sees an answer that came in one piece.
  if (onDelta !== undefined) createAssembler(onDelta).add(whole);
  return whole;
}

async function readText(response: Response, alive: () => void): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of pieces(response)) {
    alive();
    text += decoder.decode(bytes, { stream: true });
  }
  return text + decoder.decode();
}

async function readEvents(response: Response, who: string, alive: () => void, onDelta?: (delta: Delta) => void): Promise<Json> {
  const decoder = createSseDecoder();
  const answer = createAnswer(who, response, onDelta);
  const reader = response.body?.getReader();
  try {
    for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read()) {
      alive();
      if (decoder.push(piece.value).some(answer.event)) break;
    }
    decoder.end().some(answer.event);
    return answer.body();
  } finally {
    if (reader !== undefined) await hangUp(reader);
  }
}

/**
 * Reads what little follows the last event, so that the connection can be used again; a server that keeps it open, or goes on after an
 * error, is cut off.
 */
async function hangUp(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<"over">((resolve) => {
    timer = setTimeout(() => resolve("over"), 500);
  });
  const rest = async () => {
    while (!(await reader.read()).done);
  };
  // Whatever breaks from here on, the answer (or the error that ends it) is already known.
  if ((await Promise.race([rest().catch(() => "over"), patience])) === "over") await reader.cancel().catch(() => {});
  clearTimeout(timer);
}

function fromEvents(events: string[], who: string, response: Response, onDelta?: (delta: Delta) => void): Json {
  const answer = createAnswer(who, response, onDelta);
  events.some(answer.event);
  return answer.body();
}

/** Collects the events of one answer. A stream that ends before its choices did was cut, however politely. */
function createAnswer(who: string, response: Response, onDelta?: (delta: Delta) => void) {
  const assembler = createAssembler(onDelta);
  let done = false;
  return {
    /** Takes one event; true at the end of the stream. */
    event(data: string): boolean {
      if (data.trim() === "[DONE]") {
        done = true;
        return true;
      }
      const chunk = parse(data, who, response);
      if (typeof chunk !== "object" || chunk === null) throw notJson(data, who, response);
      const error = (chunk as Json).error;
      if (error !== undefined && error !== null) throw new APIError(undefined, error as object, undefined, response.headers);
      assembler.add(chunk as Json);
      return false;
    },
    body(): Json {
      if (!assembler.started())
        throw fail("model/empty", `${who} ended the stream without an answer`, {
          remedy: "Send the request again.",
          data: { status: response.status },
        });
      if (!done && !assembler.finished())
        throw fail("model/reset", `${who} ended the stream in the middle of the answer`, {
          remedy: "Send the request again.",
          data: { status: response.status },
        });
      return assembler.body();
    },
  };
}

async function* pieces(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  for await (const piece of response.body) yield piece as Uint8Array;
}

function parse(text: string, who: string, response: Response): unknown {
  if (text.trim() === "")
    throw fail("model/empty", `${who} answered with an empty body`, {
      remedy: "Send the request again.",
      data: { status: response.status },
    });
  try {
    return JSON.parse(text);
  } catch {
    throw notJson(text, who, response);
  }
}

const notJson = (text: string, who: string, response: Response) =>
  fail("model/not-json", `What ${who} answered is not JSON`, {
    remedy: "Check that base_url points to an OpenAI-compatible server and not to a web page or a proxy.",
    data: { status: response.status, said: text.trim().replace(/\s+/g, " ").slice(0, 200) },
  });

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came over the wire. */
export interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: Record<string, unknown>;
  /** Settles when the connection of this request is gone before the answer was complete. */
  cut: Promise<void>;
}

export type Answer = (response: ServerResponse, request: Seen) => void;

/**
 * A model server that misbehaves on order: every request takes the next of the scripted answers, the last one is repeated.
 */
export async function createFaultyServer(...script: Answer[]) {
  const seen: Seen[] = [];
  const sockets = new Set<unknown>();
  const server = createServer(async (request, response) => {
    sockets.add(request.socket);
    let text = "";
    request.setEncoding("utf8");
    for await (const piece of request) text += piece;
    const cut = new Promise<void>((resolve) => response.on("close", () => !response.writableFinished && resolve()));
    const entry: Seen = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: text === "" ? {} : JSON.parse(text),
      cut,
    };
    seen.push(entry);
    script[Math.min(seen.length, script.length) - 1]?.(response, entry);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    /** How many connections were opened so far. */
    connections: () => sockets.size,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    [Symbol.asyncDispose]() {
      return this.close();
    },
  };
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };

export const text =
  (status: number, body: string, type = "text/html"): Answer =>
  (response) => {
    response.writeHead(status, { "content-type": type });
    response.end(body);
  };

export const error = (status: number, message: string, more: Record<string, unknown> = {}, headers: Record<string, string> = {}): Answer =>
  json(status, { error: { message, type: null, param: null, code: null, ...more } }, headers);

export const completion = (message: Record<string, unknown>, finish = "stop", more: Record<string, unknown> = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", ...message }, logprobs: null, finish_reason: finish }],
  usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  ...more,
});

/** Server-sent events of the given chunks, closed with [DONE]. */
export const events = (chunks: unknown[]): string =>
  `${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("")}data: [DONE]\n\n`;

/** A stream whose bytes arrive in pieces of the given size, so that they are cut inside characters and lines. */
export const streamed =
  (sent: string, pieceBytes = 1_000_000): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    const bytes = Buffer.from(sent);
    let at = 0;
    const next = () => {
      if (at >= bytes.length) return response.end();
      response.write(bytes.subarray(at, at + pieceBytes), () => setImmediate(next));
      at += pieceBytes;
    };
    next();
  };

/** Sends the beginning of an answer and resets the connection. */
export const reset =
  (begun: string, type = "application/json"): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": type, "content-length": "100000" });
    response.write(begun, () => response.socket?.resetAndDestroy());
  };

/** Sends the beginning of an answer and then nothing more. */
export const stall =
  (begun: string, type = "text/event-stream"): Answer =>
  (response) => {
    response.writeHead(200, { "content-type": type });
    if (begun !== "") response.write(begun);
    else response.flushHeaders();
  };

/** Takes the request and says nothing at all. */
export const silence: Answer = () => {};

export const chunk = (delta: Record<string, unknown>, finish: string | null = null, more: Record<string, unknown> = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  ...more,
});

import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ApiError } from "./api-error.ts";

/** A request body beyond this is refused: no context is as long. */
export const BODY_MAX_BYTES = 16 * 1024 * 1024;

/** The body of a request as text. @throws ApiError 413 */
export async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > BODY_MAX_BYTES) throw new ApiError(413, `The request is larger than ${BODY_MAX_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** Whether the request carries the token of this start; compared without telling by the time how much of it was right. */
export function carriesToken(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

export function sendJson(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  if (response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers });
  response.end(text);
}

/** HTTP clients give up after minutes without a byte, and a request may wait longer than that for its turn. */
export const SIGN_OF_LIFE_MS = 10_000;

/**
 * An answer that may take long to begin. Until its first byte an error has its own status; a sign of life is sent every ten seconds
 * (white space before JSON, a comment before events), and after one only the connection can tell of an error.
 */
export function createSlowResponse(response: ServerResponse, stream: boolean) {
  const begin = () => {
    if (!response.headersSent)
      response.writeHead(
        200,
        stream
          ? { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" }
          : { "content-type": "application/json" },
      );
  };
  const timer = setInterval(() => {
    begin();
    response.write(stream ? ": waiting\n\n" : " ");
  }, SIGN_OF_LIFE_MS);
  timer.unref();

  return {
    event(data: object | "[DONE]"): void {
      begin();
      timer.refresh();
      response.write(`data: ${data === "[DONE]" ? data : JSON.stringify(data)}\n\n`);
    },
    end(body?: object): void {
      clearInterval(timer);
      if (body === undefined) response.end();
      else if (response.headersSent) response.end(JSON.stringify(body));
      else sendJson(response, 200, body);
    },
    fail(error: ApiError): void {
      clearInterval(timer);
      if (!response.headersSent) sendJson(response, error.status, error.body(), error.status === 503 ? { "retry-after": "5" } : {});
      else if (stream && !response.destroyed) {
        this.event(error.body());
        response.end();
      } else response.destroy();
    },
  };
}

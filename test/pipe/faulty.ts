import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Seen {
  row: string;
  /** Which time this row is asked, from 1. */
  time: number;
  at: number;
  authorization: string | undefined;
}

/** What the server does with a request instead of answering it. */
export type Fault =
  | { kind: "answer"; delay?: number }
  | { kind: "status"; status: number; headers?: Record<string, string>; body?: unknown }
  | { kind: "reset" }
  | { kind: "malformed" }
  | { kind: "silent" }
  | { kind: "half" }
  /** Server-sent events: so many pieces at once, the end when `until` resolves. */
  | { kind: "stream"; pieces: number; until: Promise<void> };

export interface Scope {
  url: string;
  seen: Seen[];
  counts(): Record<string, number>;
  total(): number;
  /** Resolves when the scope has seen so many requests. */
  reached(requests: number): Promise<void>;
}

export interface Faulty {
  /** A place of its own on the server, with its own counts and its own behaviour. */
  scope(behave?: (seen: Seen, all: Seen[]) => Fault): Scope;
  close(): Promise<void>;
}

/** A server that answers chat completions, or fails as it is told, and keeps an account of what it was asked. */
export async function createFaulty(): Promise<Faulty> {
  const scopes = new Map<string, (request: IncomingMessage, response: ServerResponse, body: string) => void>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("error", () => {});
    request.on("data", (chunk: Buffer) => parts.push(chunk));
    request.on("end", () => scopes.get(request.url?.split("/")[1] ?? "")?.(request, response, Buffer.concat(parts).toString("utf8")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    scope(behave = () => ({ kind: "answer" })) {
      const name = `s${scopes.size}`;
      const seen: Seen[] = [];
      const waiters: { requests: number; resolve: () => void }[] = [];
      scopes.set(name, (request, response, body) => {
        const row = /\[\[row:(\d+)\]\]/.exec(body)?.[1] ?? "?";
        const time = seen.filter((one) => one.row === row).length + 1;
        const one: Seen = { row, time, at: performance.now(), authorization: request.headers.authorization };
        seen.push(one);
        answer(response, row, behave(one, seen));
        for (const waiter of waiters) if (seen.length >= waiter.requests) waiter.resolve();
      });
      return {
        url: `http://127.0.0.1:${port}/${name}/v1`,
        seen,
        counts() {
          const counts: Record<string, number> = {};
          for (const { row } of seen) counts[row] = (counts[row] ?? 0) + 1;
          return counts;
        },
        total: () => seen.length,
        reached: (requests) =>
          new Promise((resolve) => {
            if (seen.length >= requests) resolve();
            else waiters.push({ requests, resolve });
          }),
      };
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(response: ServerResponse, row: string, fault: Fault): void {
  const text = JSON.stringify({
    id: `chatcmpl-${row}`,
    object: "chat.completion",
    created: 1,
    model: "stub",
    choices: [
      { index: 0, message: { role: "assistant", content: `[[row:${row}]] ## Problem\nP\n\n## Solution\nS` }, finish_reason: "stop" },
    ],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  });
  const head = { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) };
  switch (fault.kind) {
    case "answer":
      setTimeout(() => response.writeHead(200, head).end(text), fault.delay ?? 0);
      break;
    case "status":
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      response.end(JSON.stringify(fault.body ?? { error: { message: "no", type: "x", code: null } }));
      break;
    case "reset":
      response.writeHead(200, head);
      response.write(text.slice(0, 40), () => response.socket?.resetAndDestroy());
      break;
    case "malformed":
      response.writeHead(200, { "content-type": "application/json" }).end(text.slice(0, 40));
      break;
    case "stream":
      stream(response, fault.pieces, fault.until);
      break;
    case "silent":
      break;
    case "half":
      response.writeHead(200, head);
      response.write(text.slice(0, 40));
      break;
  }
}

function stream(response: ServerResponse, pieces: number, until: Promise<void>): void {
  const chunk = (delta: object, finish: string | null = null) =>
    response.write(
      `data: ${JSON.stringify({ object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
    );
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (let piece = 0; piece < pieces; piece++) chunk({ content: `w${piece} ` });
  void until.then(() => {
    chunk({}, "stop");
    response.write(
      `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 10, completion_tokens: pieces, total_tokens: pieces + 10 } })}\n\n`,
    );
    response.end("data: [DONE]\n\n");
  });
}

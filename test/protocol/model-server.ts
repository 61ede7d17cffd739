import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { type Answer, chunk, completion, createFaultyServer, error, json, type Seen } from "../endpoints/faulty-server.ts";

/** A model server with the real protocol and made-up answers, each of which is a problem of its own that parses. */
export interface ModelServer {
  /** With `/v1`. */
  url: string;
  /** Questions that arrived, in order. */
  readonly questions: Seen[];
  /** How often each question was answered to its end, by `questionOf`. */
  readonly answered: Map<string, number>;
  /** How the next questions are answered; `answer` unless told otherwise. */
  behave: Answer;
  /** Settles when so many questions have arrived. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

/** The key that opens it, where it wants one. */
export const KEY = "open-sesame-0123456789abcdef";

/** What is asked, whatever is said about how it shall be answered. */
export function questionOf({ body }: Pick<Seen, "body">): string {
  const { stream: _, stream_options: __, ...question } = body;
  return createHash("sha256").update(JSON.stringify(question)).digest("hex").slice(0, 16);
}

/** What the server says to a question. */
export function answerTo(request: Pick<Seen, "body">): string {
  const number = Number.parseInt(questionOf(request).slice(0, 6), 16);
  return `## Problem\nA gardener plants ${number} trees and then one more. How many trees stand there? 🌳\n\n## Solution\nThere are $${number} + 1$ trees, so \\boxed{${number + 1}}.`;
}

/** The pieces in which an answer is streamed. */
export const piecesOf = (text: string): string[] => text.match(/[\s\S]{1,7}/gu) ?? [];

const USAGE = { prompt_tokens: 100, completion_tokens: 40, total_tokens: 140 };

/** `t`: where its end is registered; within a hook that would be the end of the hook. */
export async function startModel(t: { after(close: () => Promise<void>): unknown }, { key }: { key?: string } = {}): Promise<ModelServer> {
  const questions: Seen[] = [];
  const answered = new Map<string, number>();
  const waiting: { count: number; resolve: () => void }[] = [];
  const count = (request: Seen) => void answered.set(questionOf(request), (answered.get(questionOf(request)) ?? 0) + 1);

  const server = await createFaultyServer((response, request) => {
    const wrong = key !== undefined && request.headers.authorization !== `Bearer ${key}`;
    if (wrong)
      return error(401, `Incorrect API key: ${request.headers.authorization?.slice(7)}`, { code: "invalid_api_key" })(response, request);
    if (request.path.endsWith("/models")) return json(200, { object: "list", data: [{ id: "big" }, { id: "small" }] })(response, request);
    questions.push(request);
    model.behave(response, request);
    for (const one of waiting) if (questions.length >= one.count) one.resolve();
  });
  t.after(() => server.close());

  const model: ModelServer = {
    url: `${server.url}/v1`,
    questions,
    answered,
    arrived: (wanted) =>
      new Promise((resolve) => {
        if (questions.length >= wanted) resolve();
        else waiting.push({ count: wanted, resolve });
      }),
    behave: (response, request) => {
      answer(response, request);
      count(request);
    },
    close: server.close,
  };
  return model;
}

/** The whole answer, streamed where a stream is asked for. */
export function answer(response: ServerResponse, request: Seen): void {
  const text = answerTo(request);
  if (request.body.stream === true) {
    begin(response, piecesOf(text));
    finish(response);
  } else json(200, completion({ content: text }, "stop", { usage: USAGE }))(response, request);
}

/** Streams some pieces and leaves the stream open. */
export function begin(response: ServerResponse, pieces: readonly string[]): void {
  if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
  for (const piece of pieces) response.write(`data: ${JSON.stringify(chunk({ content: piece }))}\n\n`);
}

export function finish(response: ServerResponse): void {
  response.write(`data: ${JSON.stringify(chunk({}, "stop"))}\n\n`);
  response.end(`data: ${JSON.stringify(chunk({}, null, { choices: [], usage: USAGE }))}\n\ndata: [DONE]\n\n`);
}

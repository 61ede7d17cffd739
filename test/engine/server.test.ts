import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Reply } from "#protocol/endpoints.ts";
import { AppError } from "#protocol/errors.ts";
import { createEndpoint, type Endpoint } from "../../server/src/endpoints/endpoint.ts";
import type { RunningEngine } from "../../server/src/engine/start.ts";
import { prepareEngine, startPrepared } from "./prepared.ts";

const prepared = await prepareEngine();
const skip = typeof prepared === "string" ? prepared : false;
const never = new AbortController().signal;
let engine: RunningEngine;
let endpoint: Endpoint;

before(async () => {
  if (typeof prepared === "string") return;
  engine = await startPrepared(prepared);
  endpoint = createEndpoint({ baseUrl: engine.baseUrl, apiKey: engine.token, model: engine.model, stallSeconds: 120 });
});
after(() => engine?.stop());

type Body = Record<string, unknown>;
const chat = (body: Body, stream = false): Promise<Reply> =>
  endpoint.send({ url: "/v1/chat/completions", body: { model: engine.model, ...body }, stream, signal: never });
const complete = (body: Body, stream = false): Promise<Reply> =>
  endpoint.send({ url: "/v1/completions", body: { model: engine.model, ...body }, stream, signal: never });
const textOf = ({ body }: Reply): string => {
  const [choice] = body.choices as { text?: string; message?: { content: string } }[];
  return choice?.text ?? choice?.message?.content ?? "";
};
const finishOf = ({ body }: Reply): unknown => (body.choices as { finish_reason: unknown }[])[0]?.finish_reason;

/** A request without our client, to see status and body as they are. */
async function raw(path: string, init: RequestInit = {}, token = engine.token) {
  const response = await fetch(`${engine.baseUrl.replace(/\/v1$/, "")}${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: (await response.json()) as { error?: { message: string; code: string | null }; data?: Body[] } };
}
const post = (path: string, body: string) => raw(path, { method: "POST", body });

/** Few-shot, so long that it is read in several pieces of which the first are the same for every question. */
const fewShot = (question: string) =>
  `${"## Problem\nTom has 3 apples and buys 5 more. How many has he?\n## Solution\nHe has 3 + 5 = 8 apples.\n\n".repeat(6)}## Problem\n${question}`;

test("every route wants the token of this start", { skip }, async () => {
  for (const [path, method] of [
    ["/v1/models", "GET"],
    ["/v1/chat/completions", "POST"],
    ["/nothing", "GET"],
  ] as const)
    for (const token of ["", "wrong", `${engine.token}x`]) assert.equal((await raw(path, { method }, token)).status, 401);
});

test("the model is listed with its hash", { skip }, async () => {
  const { body } = await raw("/v1/models");
  assert.equal(body.data?.length, 1);
  assert.equal(body.data?.[0]?.id, "SmolLM2-135M-Instruct.Q4_1");
  assert.match(String(body.data?.[0]?.sha256), /^[0-9a-f]{64}$/);
  assert.deepEqual(await endpoint.models(never), [engine.model]);
});

test("errors have OpenAI's form", { skip }, async () => {
  for (const [path, body, status] of [
    ["/v1/nothing", "{}", 404],
    ["/v1/models", "{}", 405],
    ["/v1/completions", "{not json", 400],
    ["/v1/completions", "[]", 400],
    ["/v1/completions", '{"prompt": 5}', 400],
    ["/v1/completions", '{"prompt": ""}', 400],
    ["/v1/completions", '{"prompt": ["a", "b"]}', 400],
    ["/v1/completions", '{"prompt": "a", "n": 2}', 400],
    ["/v1/chat/completions", "{}", 400],
    ["/v1/chat/completions", '{"messages": []}', 400],
    ["/v1/chat/completions", '{"messages": [{"role": "king", "content": "a"}]}', 400],
    ["/v1/chat/completions", '{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', 400],
    ["/v1/chat/completions", '{"messages": [{"role": "user", "content": "a"}], "temperature": "hot"}', 400],
  ] as const) {
    const answer = await post(path, body);
    assert.equal(answer.status, status, `${path} ${body}`);
    assert.ok(answer.body.error?.message, `${path} ${body}`);
  }
});

test("a prompt beyond the context is refused as such", { skip }, async () => {
  await assert.rejects(
    complete({ prompt: "one two three ".repeat(2_000), max_tokens: 1 }),
    (error: AppError) => error.problem.code === "model/context-too-long",
  );
});

test("the same seed gives the same text: again, streamed, with a known beginning, and beside others", { skip }, async () => {
  const questions = ["A train", "A farmer", "Two trains", "Let x"];
  const ask = (index: number, stream = false) =>
    complete({ prompt: fewShot(questions[index] ?? ""), seed: index, temperature: 1, max_tokens: 24 }, stream).then(textOf);
  const alone: string[] = [];
  for (let index = 0; index < questions.length; index++) alone.push(await ask(index));
  const beside = await Promise.all(questions.map((_, index) => ask(index, index % 2 === 0)));
  assert.deepEqual(beside, alone);
  assert.equal(await ask(2), alone[2]);
  assert.notEqual(await complete({ prompt: fewShot("A train"), seed: 99, temperature: 1, max_tokens: 24 }).then(textOf), alone[0]);
  const cached = await complete({ prompt: fewShot("A train"), seed: 0, temperature: 1, max_tokens: 1 });
  assert.ok((cached.usage?.cached ?? 0) >= 128, "the shared beginning was read again");
});

test("without a seed two answers of the same moment differ", { skip }, async () => {
  const ask = () => complete({ prompt: "Once upon a time", temperature: 1.5, max_tokens: 24 }).then(textOf);
  const [one, two] = await Promise.all([ask(), ask()]);
  assert.notEqual(one, two);
});

test("a stream carries the same answer, usage and end as one piece", { skip }, async () => {
  const body = { messages: [{ role: "user", content: "Count to five. ½ ∎" }], seed: 4, temperature: 0.8, max_tokens: 32 };
  const [whole, streamed] = [await chat(body), await chat(body, true)];
  assert.equal(textOf(streamed), textOf(whole));
  assert.equal(finishOf(streamed), finishOf(whole));
  assert.equal(streamed.usage?.completion, whole.usage?.completion);
  assert.equal(streamed.usage?.prompt, whole.usage?.prompt);
});

test("the limit of tokens ends an endless answer and says so", { skip }, async () => {
  const reply = await complete({ prompt: "la la la la la la la la", temperature: 0, max_tokens: 12 });
  assert.equal(reply.usage?.completion, 12);
  assert.equal(finishOf(reply), "length");
  assert.equal(reply.problem?.code, "model/cut-off");
  assert.equal((await complete({ prompt: "la la la", temperature: 0, max_completion_tokens: 5 })).usage?.completion, 5);
});

test("a stop text ends the answer and is not part of it", { skip }, async () => {
  for (const stream of [false, true]) {
    const reply = await complete({ prompt: "1, 2, 3, 4,", temperature: 0, max_tokens: 40, stop: ["7", "nowhere"] }, stream);
    assert.equal(textOf(reply), " 5, 6, ");
    assert.equal(finishOf(reply), "stop");
  }
});

test("what a message says never becomes a role marker", { skip }, async () => {
  const marker = "<|im_end|>";
  const tokens = async (content: string) => (await chat({ messages: [{ role: "user", content }], max_tokens: 1 })).usage?.prompt ?? 0;
  const plain = await tokens("a");
  assert.ok((await tokens(`a${marker}`)) - plain > 3, "the marker became one token");
});

test("a schema shapes the answer, and an impossible one is refused", { skip }, async () => {
  const schema = {
    type: "object",
    properties: { city: { type: "string", maxLength: 20 }, size: { type: "integer" } },
    required: ["city", "size"],
    additionalProperties: false,
  };
  const messages = [{ role: "user", content: "Name a city." }];
  for (const stream of [false, true]) {
    const reply = await chat(
      { messages, seed: 3, max_tokens: 80, response_format: { type: "json_schema", json_schema: { name: "city", schema } } },
      stream,
    );
    const made = JSON.parse(textOf(reply));
    assert.deepEqual(Object.keys(made).sort(), ["city", "size"]);
    assert.equal(finishOf(reply), "stop");
  }
  const free = await chat({ messages, seed: 3, max_tokens: 120, response_format: { type: "json_object" } });
  if (finishOf(free) === "stop") assert.equal(typeof JSON.parse(textOf(free)), "object");
  await assert.rejects(
    chat({ messages, response_format: { type: "json_schema", json_schema: { schema: { $ref: "#/nowhere" } } } }),
    (error: AppError) => error.problem.code === "model/bad-request",
  );
});

test("more requests than sequences wait for their turn, and all are answered", { skip }, async () => {
  const replies = await Promise.all(
    Array.from({ length: 12 }, (_, index) => complete({ prompt: `${index},`, max_tokens: 4, seed: index })),
  );
  assert.equal(replies.filter((reply) => reply.usage?.completion !== undefined).length, 12);
});

test("who hangs up frees the sequence", { skip }, async () => {
  const leave = new AbortController();
  let begun = 0;
  const call = {
    url: "/v1/completions",
    body: { prompt: "la la la la", temperature: 0, max_tokens: 900 },
    stream: true,
    signal: leave.signal,
    onDelta: () => {
      if (++begun >= 4) leave.abort();
    },
  };
  // Four sequences are taken by answers that would be long; two more requests wait and leave from the queue.
  const left = await Promise.allSettled(Array.from({ length: 6 }, () => endpoint.send(call)));
  for (const result of left)
    assert.equal(result.status === "rejected" && result.reason instanceof AppError && result.reason.problem.code, "model/aborted");
  const replies = await Promise.all(Array.from({ length: 4 }, () => complete({ prompt: "1, 2,", max_tokens: 3, temperature: 0 })));
  assert.equal(new Set(replies.map(textOf)).size, 1);
});

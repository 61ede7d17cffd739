import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import type { Reply } from "#protocol/endpoints.ts";
import { AppError, type Problem } from "#protocol/errors.ts";
import { type Call, createEndpoint, type EndpointOptions } from "../../server/src/endpoints/endpoint.ts";
import { type RetryClass, retryClass } from "../../server/src/endpoints/retry.ts";
import {
  type Answer,
  chunk,
  completion,
  createFaultyServer,
  error,
  events,
  json,
  reset,
  silence,
  stall,
  streamed,
  text,
} from "./faulty-server.ts";

const KEY = "sk-secret-0123456789";
const BODY = { model: "m", messages: [{ role: "user", content: "hi" }], max_tokens: 5, temperature: 0.5 };

interface Attempt extends Partial<Omit<EndpointOptions, "apiKey">> {
  apiKey?: string | null;
  call?: Partial<Call>;
}

async function ask(baseUrl: string, { call = {}, ...options }: Attempt = {}): Promise<Reply> {
  const endpoint = createEndpoint({ baseUrl, apiKey: KEY, model: "m", stallSeconds: 10, ...options });
  return endpoint.send({ url: "/v1/chat/completions", body: BODY, stream: false, signal: new AbortController().signal, ...call });
}

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  try {
    await promise;
  } catch (thrown) {
    assert.ok(thrown instanceof AppError, String(thrown));
    assert.ok(!JSON.stringify(thrown.problem).includes(KEY), "the key stands in the problem");
    return thrown.problem;
  }
  assert.fail("the call succeeded");
}

test("the body goes over the wire as it is, to the right address, with the key", async () => {
  for (const tail of ["", "/", "/v1", "/v1/", "/v1/chat/completions"]) {
    await using server = await createFaultyServer(json(200, completion({ content: "hello" }), { "x-request-id": "r1" }));
    const reply = await ask(`${server.url}${tail}`);
    assert.deepEqual(server.seen[0]?.body, BODY);
    assert.equal(server.seen[0]?.path, "/v1/chat/completions");
    assert.equal(server.seen[0]?.headers.authorization, `Bearer ${KEY}`);
    assert.equal(reply.status, 200);
    assert.equal(reply.requestId, "r1");
    assert.deepEqual(reply.body, completion({ content: "hello" }));
    assert.deepEqual(reply.usage, { prompt: 7, completion: 3, cached: 0, reasoning: 0 });
    assert.equal(reply.problem, undefined);
  }
});

test("no key, no header", async () => {
  await using server = await createFaultyServer(json(200, completion({ content: "hello" })));
  await ask(server.url, { apiKey: null });
  assert.equal(server.seen[0]?.headers.authorization, undefined);
});

test("a stream cut at odd bytes becomes the object that an unstreamed answer is", async () => {
  const sent = events([
    chunk({ role: "assistant", content: "" }),
    chunk({ reasoning_content: "so – " }),
    chunk({ reasoning_content: "well" }),
    chunk({ content: "½ + ½ " }),
    chunk({ content: "= 1 ∎" }),
    chunk({}, "stop"),
    { ...chunk({}), choices: [], usage: { prompt_tokens: 4, completion_tokens: 6, completion_tokens_details: { reasoning_tokens: 2 } } },
  ]);
  for (const size of [1, 2, 3, 7, 64, 100_000]) {
    await using server = await createFaultyServer(streamed(sent, size));
    const seen: string[] = [];
    const reply = await ask(server.url, { call: { stream: true, onDelta: (delta) => seen.push(delta.text) } });
    assert.deepEqual(server.seen[0]?.body, { ...BODY, stream: true, stream_options: { include_usage: true } });
    assert.equal(seen.join(""), "½ + ½ = 1 ∎");
    assert.deepEqual(reply.body.choices, [
      {
        index: 0,
        logprobs: null,
        finish_reason: "stop",
        message: { role: "assistant", content: "½ + ½ = 1 ∎", reasoning_content: "so – well" },
      },
    ]);
    assert.equal(reply.body.object, "chat.completion");
    assert.deepEqual(reply.usage, { prompt: 4, completion: 6, cached: 0, reasoning: 2 });
  }
});

test("a text completion streams too", async () => {
  const piece = (written: string, finish: string | null = null) => ({
    object: "text_completion",
    choices: [{ index: 0, text: written, finish_reason: finish }],
  });
  await using server = await createFaultyServer(streamed(events([piece("a"), piece("b"), piece("", "stop")])));
  const reply = await ask(server.url, { call: { url: "/v1/completions", body: { model: "m", prompt: "p" }, stream: true } });
  assert.equal(server.seen[0]?.path, "/v1/completions");
  assert.equal(reply.body.object, "text_completion");
  assert.deepEqual(reply.body.choices, [{ index: 0, logprobs: null, text: "ab", finish_reason: "stop" }]);
});

test("JSON to a streaming request, and a stream under a wrong type, are answers", async () => {
  const deltas: string[] = [];
  const call = { stream: true, onDelta: (delta: { text: string }) => deltas.push(delta.text) };
  await using whole = await createFaultyServer(json(200, completion({ content: "whole" })));
  assert.deepEqual((await ask(whole.url, { call })).body, completion({ content: "whole" }));
  await using mislabelled = await createFaultyServer(text(200, events([chunk({ content: "whole" }), chunk({}, "stop")]), "text/plain"));
  const { choices } = (await ask(mislabelled.url, { call })).body as { choices: { message: unknown }[] };
  assert.deepEqual(choices[0]?.message, { role: "assistant", content: "whole" });
  assert.deepEqual(deltas, ["whole", "whole"]);
});

const FAULTS: [string, Answer, Problem["code"], RetryClass, Record<string, unknown>?][] = [
  ["401", error(401, `Incorrect API key provided: ${KEY}.`, { code: "invalid_api_key" }), "model/wrong-key", "fatal", { status: 401 }],
  ["403", error(403, "forbidden"), "model/wrong-key", "fatal"],
  ["404 of a model", error(404, "The model `m` does not exist", { code: "model_not_found" }), "model/not-found", "fatal"],
  ["404 of a page", text(404, "<html><h1>Not Found</h1></html>"), "model/not-found", "fatal"],
  ["405", text(405, "no"), "model/not-found", "fatal"],
  ["429 with seconds", error(429, "slow down", {}, { "retry-after": "7" }), "model/rate-limited", "retry", { waitSeconds: 7 }],
  ["429 without", error(429, "slow down"), "model/rate-limited", "retry", { waitSeconds: undefined }],
  ["no credit", error(429, "You exceeded your current quota", { code: "insufficient_quota" }), "model/quota-exceeded", "fatal"],
  ["402", error(402, "Insufficient Balance"), "model/quota-exceeded", "fatal"],
  ["500", error(500, "oops"), "model/server-error", "retry", { said: "oops" }],
  ["503 with a wait", error(503, "loading", {}, { "retry-after": "2" }), "model/server-error", "retry", { waitSeconds: 2 }],
  [
    "502 of a proxy",
    text(502, "<html><head><style>x{}</style></head><body>Bad  Gateway</body></html>"),
    "model/server-error",
    "retry",
    { said: "Bad Gateway" },
  ],
  ["400", error(400, "bad temperature", { param: "temperature" }), "model/bad-request", "final"],
  ["422 of vLLM", json(422, { detail: [{ loc: ["body", "n"], msg: "too big" }] }), "model/bad-request", "final"],
  ["content filter", error(400, "filtered", { code: "content_filter" }), "model/filtered", "final"],
  ["an error under 200", json(200, { error: { message: "overloaded", code: 503 } }), "model/server-error", "retry", { status: 503 }],
  ["a web page", text(200, "<html>login</html>"), "model/not-json", "retry"],
  ["half of the JSON", text(200, '{"choices":[{"mess', "application/json"), "model/not-json", "retry"],
  ["JSON of another kind", json(200, [1, 2]), "model/not-json", "retry"],
  ["nothing", text(200, "", "application/json"), "model/empty", "retry"],
  ["no choices", json(200, { object: "chat.completion", choices: [] }), "model/empty", "retry"],
  ["a reset", reset('{"choices":['), "model/reset", "retry"],
];

for (const [name, answer, code, kind, data] of FAULTS)
  for (const stream of [false, true])
    test(`${name}${stream ? ", asked for a stream" : ""}: ${code}, ${kind}`, async () => {
      await using server = await createFaultyServer(answer);
      const problem = await problemOf(ask(server.url, { call: { stream } }));
      assert.equal(problem.code, code, JSON.stringify(problem));
      assert.equal(retryClass(problem), kind);
      assert.equal(problem.data?.host, `127.0.0.1:${server.port}`);
      assert.ok(problem.remedy, "no remedy");
      for (const [key, value] of Object.entries(data ?? {})) assert.equal(problem.data?.[key], value, key);
      assert.equal(server.seen.length, 1, "it was asked again");
    });

const BROKEN_STREAMS: [string, Answer, Problem["code"]][] = [
  ["a reset mid-stream", reset(`data: ${JSON.stringify(chunk({ content: "a" }))}\n\n`, "text/event-stream"), "model/reset"],
  ["a stream that ends early", streamed(`data: ${JSON.stringify(chunk({ content: "a" }))}\n\n`), "model/reset"],
  ["an empty stream", streamed(""), "model/empty"],
  ["a stream of nonsense", streamed("data: {nonsense\n\n"), "model/not-json"],
  [
    "an error mid-stream",
    streamed(events([chunk({ content: "a" }), { error: { message: "out of memory", type: "server_error" } }])),
    "model/server-error",
  ],
];
for (const [name, answer, code] of BROKEN_STREAMS)
  test(`${name}: ${code}`, async () => {
    await using server = await createFaultyServer(answer);
    const problem = await problemOf(ask(server.url, { call: { stream: true } }));
    assert.equal(problem.code, code, JSON.stringify(problem));
    assert.equal(retryClass(problem), "retry");
  });

test("a server that goes silent is stalled, before and in the middle of its answer", async () => {
  for (const [answer, stream] of [
    [silence, false],
    [stall(`data: ${JSON.stringify(chunk({ content: "a" }))}\n\n`), true],
    [stall('{"choices":', "application/json"), false],
  ] as const) {
    await using server = await createFaultyServer(answer);
    const problem = await problemOf(ask(server.url, { stallSeconds: 0.2, call: { stream } }));
    assert.equal(problem.code, "model/stalled");
    await server.seen[0]?.cut;
  }
});

test("aborting ends the request and closes its connection; closing the endpoint does both for all", async () => {
  await using server = await createFaultyServer(stall(`data: ${JSON.stringify(chunk({ content: "a" }))}\n\n`));
  const abort = new AbortController();
  const call = { stream: true, signal: abort.signal, onDelta: () => abort.abort() };
  assert.equal((await problemOf(ask(server.url, { call }))).code, "model/aborted");
  await server.seen[0]?.cut;
  assert.equal((await problemOf(ask(server.url, { call }))).code, "model/aborted");

  const endpoint = createEndpoint({ baseUrl: server.url, apiKey: null, model: "m", stallSeconds: 10 });
  const run = endpoint.send({
    url: "/v1/chat/completions",
    body: BODY,
    stream: true,
    signal: new AbortController().signal,
    onDelta: () => endpoint.close(),
  });
  assert.equal((await problemOf(run)).code, "model/aborted");
});

test("refused, filtered, cut off and empty answers are kept and say what they are", async () => {
  for (const [body, code] of [
    [completion({ content: null, refusal: "I cannot help" }), "model/refused"],
    [completion({ content: "par" }, "content_filter"), "model/filtered"],
    [completion({ content: "one, two, thr" }, "length"), "model/cut-off"],
    [completion({ content: " " }), "model/empty"],
  ] as const) {
    await using server = await createFaultyServer(json(200, body));
    const reply = await ask(server.url);
    assert.deepEqual(reply.body, body);
    assert.equal(reply.problem?.code, code);
  }
});

test("an endpoint that wants max_completion_tokens is understood once and for all", async () => {
  const refusal = error(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", {
    code: "unsupported_parameter",
    param: "max_tokens",
  });
  await using server = await createFaultyServer(refusal, json(200, completion({ content: "a" })));
  const endpoint = createEndpoint({ baseUrl: server.url, apiKey: null, model: "m", stallSeconds: 10 });
  const call = { url: "/v1/chat/completions", body: BODY, stream: false, signal: new AbortController().signal };
  await endpoint.send(call);
  await endpoint.send(call);
  const { max_tokens, ...rest } = BODY;
  assert.deepEqual(
    server.seen.map((seen) => seen.body),
    [BODY, { ...rest, max_completion_tokens: max_tokens }, { ...rest, max_completion_tokens: max_tokens }],
  );
});

test("an endpoint that refuses both names, or a wrong value, is not asked for ever", async () => {
  await using both = await createFaultyServer((response, request) => {
    const field = "max_tokens" in request.body ? "max_tokens" : "max_completion_tokens";
    error(400, `Unsupported parameter: ${field}`, { param: field })(response, request);
  });
  assert.equal((await problemOf(ask(both.url))).code, "model/bad-request");
  assert.equal(both.seen.length, 3);
  await using value = await createFaultyServer(error(400, "max_tokens must be at least 16", { param: "max_tokens" }));
  assert.equal((await problemOf(ask(value.url))).code, "model/bad-request");
  assert.equal(value.seen.length, 1);
});

test("an endpoint without stream_options still streams", async () => {
  await using server = await createFaultyServer(
    error(400, "Extra inputs are not permitted: stream_options"),
    streamed(events([chunk({ content: "a" }), chunk({}, "stop")])),
  );
  const reply = await ask(server.url, { call: { stream: true } });
  assert.equal(reply.usage, null);
  assert.deepEqual(server.seen[1]?.body, { ...BODY, stream: true });
});

test("nobody listens: unreachable", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const problem = await problemOf(ask(`http://127.0.0.1:${port}`));
  assert.equal(problem.code, "model/unreachable");
  assert.equal(problem.data?.errno, "ECONNREFUSED");
});

test("https to a server without TLS: unreachable for good", async () => {
  await using server = await createFaultyServer(json(200, {}));
  const problem = await problemOf(ask(server.url.replace("http:", "https:")));
  assert.equal(problem.code, "model/unreachable", JSON.stringify(problem));
});

test("a key that cannot stand in a header is refused without printing it", async () => {
  await assert.rejects(
    async () => createEndpoint({ baseUrl: "http://127.0.0.1:1", apiKey: "abc\ndef", model: "m", stallSeconds: 1 }),
    (thrown: AppError) => thrown.problem.code === "model/wrong-key" && !JSON.stringify(thrown.problem).includes("abc"),
  );
});

test("models are listed", async () => {
  await using server = await createFaultyServer(
    json(200, { object: "list", data: [{ id: "a" }, { id: "b" }, {}] }),
    json(200, {}),
    error(401, "no"),
  );
  const endpoint = createEndpoint({ baseUrl: server.url, apiKey: null, model: "m", stallSeconds: 10 });
  const { signal } = new AbortController();
  assert.deepEqual(await endpoint.models(signal), ["a", "b"]);
  assert.equal(server.seen[0]?.path, "/v1/models");
  assert.equal((await problemOf(endpoint.models(signal))).code, "model/not-json");
  assert.equal((await problemOf(endpoint.models(signal))).code, "model/missing-key");
});

test("a hundred requests at once share one signal, and connections are used again", async () => {
  await using server = await createFaultyServer(streamed(events([chunk({ content: "a" }), chunk({}, "stop")])));
  const endpoint = createEndpoint({ baseUrl: server.url, apiKey: null, model: "m", stallSeconds: 10 });
  const { signal } = new AbortController();
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on("warning", warn);
  const round = () =>
    Promise.all(Array.from({ length: 100 }, () => endpoint.send({ url: "/v1/chat/completions", body: BODY, stream: true, signal })));
  await round();
  const before = server.connections();
  assert.ok(before <= 100);
  await round();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", warn);
  assert.equal(server.seen.length, 200);
  assert.ok(server.connections() < 200, `${server.connections()} connections for 200 requests`);
  assert.deepEqual(warnings, []);
});

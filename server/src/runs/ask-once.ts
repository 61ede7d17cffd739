import { type Problem, toProblem } from "#protocol/errors.ts";
import type { EndpointTest } from "#protocol/messages/endpoints.ts";
import { createEndpoint, type Endpoint } from "../endpoints/endpoint.ts";
import { readReply } from "../synthesis/reply-text.ts";
import { withAdapter } from "./embedded.ts";
import { readyModel } from "./engine-home.ts";
import type { Asked, TestRequest } from "./runner-messages.ts";
import { neededKey } from "./target.ts";
import type { WarmEngines } from "./warm-engines.ts";

/** A model may have to be loaded before its first word. */
const PATIENCE_SECONDS = 60;

const QUESTION = "What is 2 + 3? Answer with the number alone.";
const MOST_TOKENS = 8;

/** Nothing better will be heard of an endpoint that says so when it is asked for its models. */
const HOPELESS = new Set<Problem["code"]>(["model/wrong-key", "model/missing-key", "model/unreachable", "model/quota-exceeded"]);

/** Answers that are as they should be, however little eight tokens are. */
const ENOUGH = new Set<Problem["code"]>(["model/cut-off", "model/empty"]);

/** Asks an endpoint for its models and, where that is wanted, for one short answer. What is wrong with it is in `problem`. @throws cancelled */
export async function askOnce(
  asked: TestRequest,
  { engines, signal }: { engines: WarmEngines; signal: AbortSignal },
): Promise<EndpointTest> {
  let models: string[] = [];
  let close = async () => {};
  const failed = (thrown: unknown): EndpointTest => {
    signal.throwIfAborted();
    return { models, answer: null, problem: toProblem(thrown) };
  };
  try {
    const { endpoint, end } = await connect(asked, engines, signal);
    close = end;
    try {
      models = await endpoint.models(signal);
    } catch (thrown) {
      // Some servers have no list and answer all the same.
      if (!asked.ask || HOPELESS.has(toProblem(thrown).code)) return failed(thrown);
    }
    if (!asked.ask) return { models, answer: null, problem: null };
    const began = performance.now();
    const { reply, url } = await ask(endpoint, asked.endpoint.model, signal);
    const milliseconds = Math.round(performance.now() - began);
    const [said] = readReply(reply.body, url);
    const text = (said?.content.trim() || said?.reasoning?.trim()) ?? "";
    const problem = reply.problem === undefined || ENOUGH.has(reply.problem.code) ? null : reply.problem;
    return { models, answer: { text, tokens: reply.usage?.completion ?? null, milliseconds }, problem };
  } catch (thrown) {
    return failed(thrown);
  } finally {
    await close();
  }
}

async function connect(asked: Asked, engines: WarmEngines, signal: AbortSignal): Promise<{ endpoint: Endpoint; end(): Promise<void> }> {
  const { model, embedded, base_url, max_tokens_field: maxTokensField, model_file, adapter_file, threads } = asked.endpoint;
  const common = { model, stallSeconds: PATIENCE_SECONDS, maxTokensField };
  if (!embedded) {
    const env = { ...process.env, ...asked.keys };
    const key = neededKey(asked.endpoint, env);
    const endpoint = createEndpoint({ ...common, baseUrl: base_url ?? "", apiKey: key === null ? null : (env[key.variable] ?? "") });
    return { endpoint, end: async () => endpoint.close() };
  }
  const ready = await readyModel(asked.homes, model_file ?? undefined, signal);
  const found = await withAdapter(ready.model, adapter_file, { home: ready.home, signal });
  const engine = await engines.lease({ model: found, home: ready.home, threads: threads ?? undefined }, { signal });
  const endpoint = createEndpoint({ ...common, baseUrl: engine.baseUrl, apiKey: engine.token });
  const end = async () => {
    endpoint.close();
    await engine.stop();
  };
  return { endpoint, end };
}

/** One question; a model that only completes is asked in its own way. */
async function ask(endpoint: Endpoint, model: string, signal: AbortSignal) {
  const common = { model, temperature: 0, max_tokens: MOST_TOKENS };
  const chat = { url: "/v1/chat/completions", body: { ...common, messages: [{ role: "user", content: QUESTION }] } };
  try {
    return { reply: await endpoint.send({ ...chat, stream: false, signal }), url: chat.url };
  } catch (thrown) {
    const { code, data } = toProblem(thrown);
    const completesOnly = code === "model/bad-request" && /chat.?template/i.test(String(data?.said ?? ""));
    if (!completesOnly) throw thrown;
    const plain = { url: "/v1/completions", body: { ...common, prompt: `Question: ${QUESTION}\nAnswer:` } };
    return { reply: await endpoint.send({ ...plain, stream: false, signal }), url: plain.url };
  }
}

import { pathToFileURL } from "node:url";
import { createEndpoint } from "../server/src/endpoints/endpoint.ts";
import { enginePackage } from "../server/src/engine/llama.ts";
import { defaultThreads } from "../server/src/engine/settings.ts";
import { type Prepared, prepareEngine, startPrepared } from "../test/engine/prepared.ts";

const PARALLEL = 4;
const TOKENS = 128;
const ROUNDS = 3;
const CONTEXT_TOKENS = 1_024;
const PROMPT = "Here is a long story about a farmer, a train and the number ";

/** Writes `count` answers at a time and gives the tokens written and the seconds taken. */
type Write = (count: number) => Promise<{ tokens: number; seconds: number }>;

/** Tokens per second of the embedded server over HTTP beside node-llama-cpp called directly in this process, in turns; greedy, so both write the same tokens. */
export async function run() {
  const prepared = await prepareEngine();
  if (typeof prepared === "string") throw new Error(prepared);
  const threads = defaultThreads();
  const engine = await startPrepared(prepared, { threads, parallel: PARALLEL, contextTokens: CONTEXT_TOKENS });
  const direct = await openDirectly(prepared, threads);
  try {
    const served = overHttp(engine.baseUrl, engine.token);
    const results = [];
    for (const count of [1, PARALLEL]) {
      const best = { ours: 0, baseline: 0 };
      for (let round = 0; round <= ROUNDS; round++) {
        const [ours, baseline] = [await served(count), await direct.write(count)];
        // The first round warms both up.
        if (round === 0) continue;
        best.ours = Math.max(best.ours, ours.tokens / ours.seconds);
        best.baseline = Math.max(best.baseline, baseline.tokens / baseline.seconds);
      }
      results.push({
        name: `embedded server, ${count === 1 ? "one answer" : `${count} answers`} at a time`,
        ...best,
        ratio: best.ours / best.baseline,
        unit: "tokens/s",
        note: `over HTTP with streaming, beside node-llama-cpp called directly, the same tokens; ${threads} thread(s), best of ${ROUNDS}; larger is better, goal ≥ 0.9`,
      });
    }
    return results;
  } finally {
    await engine.stop();
    await direct.close();
  }
}

function overHttp(baseUrl: string, apiKey: string): Write {
  const endpoint = createEndpoint({ baseUrl, apiKey, model: "bench", stallSeconds: 300 });
  return (count) =>
    timed(count, async (index) => {
      const body = { model: "bench", prompt: `${PROMPT}${index}`, max_tokens: TOKENS, temperature: 0 };
      const reply = await endpoint.send({ url: "/v1/completions", body, stream: true, signal: new AbortController().signal });
      return reply.usage?.completion ?? 0;
    });
}

/** What this file uses of node-llama-cpp's documented interface. */
interface Direct {
  getLlama(options: object): Promise<{ loadModel(options: object): Promise<DirectModel>; dispose(): Promise<void> }>;
  LlamaCompletion: new (options: object) => { generateCompletion(prompt: string, options: object): Promise<string> };
}
interface DirectModel {
  createContext(options: object): Promise<{ getSequence(): object }>;
}

async function openDirectly({ engineDir, model }: Prepared, threads: number) {
  const module = (await import(pathToFileURL(enginePackage(engineDir, "node-llama-cpp")).href)) as Direct;
  const llama = await module.getLlama({ gpu: false, build: "never", progressLogs: false, maxThreads: threads, logLevel: "error" });
  const loaded = await llama.loadModel({ modelPath: model.file });
  const context = await loaded.createContext({ contextSize: CONTEXT_TOKENS, sequences: PARALLEL, threads });
  const completions = Array.from({ length: PARALLEL }, () => new module.LlamaCompletion({ contextSequence: context.getSequence() }));
  const write: Write = (count) =>
    timed(count, async (index) => {
      let tokens = 0;
      const onToken = (written: unknown[]) => {
        tokens += written.length;
      };
      await completions[index]?.generateCompletion(`${PROMPT}${index}`, { maxTokens: TOKENS, temperature: 0, onToken });
      return tokens;
    });
  return { write, close: () => llama.dispose() };
}

async function timed(count: number, write: (index: number) => Promise<number>): Promise<{ tokens: number; seconds: number }> {
  const began = performance.now();
  const written = await Promise.all(Array.from({ length: count }, (_, index) => write(index)));
  return { tokens: written.reduce((sum, tokens) => sum + tokens, 0), seconds: (performance.now() - began) / 1000 };
}

import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import type { JinjaModule, LlamaModule } from "./llama.ts";
import { enginePackage } from "./llama.ts";
import { enginePlatform } from "./platform.ts";
import { completionTokens, createChatTokens } from "./prompt-tokens.ts";
import { createWriter, nextBatch } from "./write-answer.ts";

export interface LoadOptions {
  engineDir: string;
  modelFile: string;
  adapterFile?: string;
  threads: number;
  parallel: number;
  /** Tokens of one sequence, prompt and answer together; the model's own limit caps it. */
  contextTokens: number;
  log: (line: string) => void;
}

/** The model in memory, with what is needed to write answers with it. */
export async function loadModel(options: LoadOptions) {
  const load = (name: string) => import(pathToFileURL(enginePackage(options.engineDir, name)).href);
  const module = (await load("node-llama-cpp")) as LlamaModule;
  const jinja = (await load("@huggingface/jinja")) as JinjaModule;
  const llama = await module.getLlama({
    gpu: enginePlatform().gpu,
    build: "never",
    progressLogs: false,
    maxThreads: options.threads,
    logLevel: "warn",
    logger: (level: string, message: string) => options.log(`llama.cpp ${level}: ${message.trim()}`),
  });
  const model = await llama.loadModel({ modelPath: options.modelFile });
  const context = await model.createContext({
    contextSize: Math.min(options.contextTokens, model.trainContextSize),
    sequences: options.parallel,
    threads: options.threads,
    ...(options.adapterFile === undefined ? {} : { lora: options.adapterFile }),
    batching: { itemPrioritizationStrategy: nextBatch },
  });
  return {
    id: basename(options.modelFile).replace(/\.gguf$/i, ""),
    contextSize: context.contextSize,
    writer: createWriter(module, llama, model, context, options.parallel),
    chatTokens: createChatTokens(model, jinja),
    completionTokens: (prompt: unknown) => completionTokens(model, prompt),
  };
}

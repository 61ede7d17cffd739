import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What we use of node-llama-cpp, in our own words: the package is installed on demand and loaded by its path, so its types are not here
 * when this is compiled.
 */
export type Token = number;

export interface LlamaSequence {
  readonly contextSize: number;
  readonly nextTokenIndex: number;
  compareContextTokens(tokens: Token[]): { firstDifferentIndex: number };
  clearHistory(): Promise<void>;
  eraseContextTokenRanges(ranges: { start: number; end: number }[]): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: Token[]): Promise<void>;
  evaluate(tokens: Token[], options: object): AsyncGenerator<Token, void, void>;
}

export interface BatchItem {
  readonly tokens: readonly Token[];
}

export interface LlamaContext {
  readonly contextSize: number;
  getSequence(): LlamaSequence;
}

export interface LlamaModel {
  readonly trainContextSize: number;
  readonly tokens: {
    readonly bos: Token | null;
    readonly bosString: string | null;
    readonly eosString: string | null;
    readonly shouldPrependBosToken: boolean;
  };
  readonly fileInfo: { readonly metadata: { readonly tokenizer?: { readonly chat_template?: string } } };
  tokenize(text: string, specialTokens: boolean): Token[];
  detokenize(tokens: readonly Token[], specialTokens: boolean, lastTokens?: readonly Token[]): string;
  isSpecialToken(token: Token): boolean;
  createContext(options: object): Promise<LlamaContext>;
}

/** Opaque to us. */
export type LlamaGrammar = object;

export interface Llama {
  loadModel(options: { modelPath: string }): Promise<LlamaModel>;
  createGrammarForJsonSchema(schema: object): Promise<LlamaGrammar>;
  getGrammarFor(type: "json"): Promise<LlamaGrammar>;
}

export interface LlamaModule {
  getLlama(options: object): Promise<Llama>;
  LlamaGrammarEvaluationState: new (options: { model: LlamaModel; grammar: LlamaGrammar }) => object;
}

/** The template language of GGUF files, `@huggingface/jinja`. */
export interface JinjaModule {
  Template: new (text: string) => { render(values: object): string };
}

/** The main file of a package in the engine's folder, which our own resolution does not reach. */
export function enginePackage(engineDir: string, name: string): string {
  const folder = join(engineDir, "node_modules", name);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const main = manifest.exports?.["."];
  const entry = typeof main === "string" ? main : (main?.import?.default ?? main?.import ?? main?.default ?? manifest.main);
  return join(folder, entry);
}

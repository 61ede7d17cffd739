import { parentPort } from "node:worker_threads";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { createTokenCount } from "./preview/count-tokens.ts";

/**
 * The entry of the thread that counts tokens: its tables take a quarter of a second to load, and odd texts take long, so no keystroke
 * may wait for it.
 */
const nothingSpecial = { disallowedSpecial: new Set<string>() };
const count = createTokenCount((text) => countTokens(text, nothingSpecial));

parentPort?.on("message", ({ id, texts }: { id: number; texts: string[] }) => parentPort?.postMessage({ id, tokens: count(texts) }));

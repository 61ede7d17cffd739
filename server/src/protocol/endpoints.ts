import type { Usage } from "./corpus.ts";
import type { Problem } from "./errors.ts";

/** An endpoint as `jiuzhang.yaml` or the command line declares it, after validation. Holds no secret. */
export interface EndpointDeclaration {
  name: string;
  /** The embedded engine; then `base_url` is given by the engine when it runs. */
  embedded: boolean;
  base_url: string | null;
  model: string;
  provider: string;
  revision: string | null;
  /** Where the key comes from: a secret's name, which the terminal reads from an environment variable. */
  api_key: { secret: string } | { env: string } | null;
  /** Money per million tokens. */
  price: { prompt: number; completion: number; cached?: number } | null;
  limits: { rpm?: number; tpm?: number };
  /** Which member carries the length limit; `auto` asks for `max_tokens` and learns from the endpoint's refusal. */
  max_tokens_field: "auto" | "max_tokens" | "max_completion_tokens";
  /** GGUF file of an embedded endpoint; absent for the default model. */
  model_file: string | null;
  /** GGUF file of a LoRA adapter for it. */
  adapter_file: string | null;
  threads: number | null;
}

/** One call's result: the endpoint's whole answer (assembled where it was streamed) and what we read from it. */
export interface Reply {
  status: number;
  requestId: string | null;
  /** A complete `chat.completion` or `text_completion` object. */
  body: Record<string, unknown>;
  usage: Usage | null;
  milliseconds: number;
  /** What the answer says about itself: refused, filtered, cut off, empty. It is kept all the same: it was received and paid for. */
  problem?: Problem;
}

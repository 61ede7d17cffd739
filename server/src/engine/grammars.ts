import { ApiError, invalid } from "./api-error.ts";
import type { Llama, LlamaGrammar, LlamaModel, LlamaModule } from "./llama.ts";
import type { Writing } from "./request-body.ts";
import { enforceableSchema } from "./schema-support.ts";

const KEPT = 16;

/** Grammars by the shape that they enforce; compiling one takes long, and a run asks for the same one every time. */
export function createGrammars(module: LlamaModule, llama: Llama, model: LlamaModel) {
  const known = new Map<string, Promise<LlamaGrammar>>();

  const compile = async (shape: "json" | { schema: object }): Promise<LlamaGrammar> =>
    shape === "json" ? llama.getGrammarFor("json") : llama.createGrammarForJsonSchema(enforceableSchema(shape.schema));

  return {
    /** A fresh state of the grammar and the texts that end it, or null for free text. @throws ApiError 400 for a schema that is beyond it */
    async make(shape: Writing["shape"]): Promise<{ state: object; stops: string[] } | null> {
      if (shape === null) return null;
      const key = JSON.stringify(shape);
      const pending = known.get(key) ?? compile(shape);
      known.delete(key);
      known.set(key, pending);
      if (known.size > KEPT) known.delete(known.keys().next().value ?? key);
      const grammar = await pending.catch((error) => {
        known.delete(key);
        if (error instanceof ApiError) throw error;
        throw invalid("response_format", `This schema cannot be enforced: ${error instanceof Error ? error.message : String(error)}`);
      });
      return { state: new module.LlamaGrammarEvaluationState({ model, grammar }), stops: [END] };
    },
  };
}

/** Behind the value these grammars allow nothing but line breaks. */
const END = "\n\n\n\n";

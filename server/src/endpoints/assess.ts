import type { Problem } from "#protocol/errors.ts";

type Json = Record<string, unknown>;

/**
 * What a complete answer says about itself: refused, filtered, cut off by its length, or empty; null where nothing is wrong.
 * The answer is kept in every case, because it was received and paid for.
 */
export function assess(body: Json, host?: string): Problem | null {
  const choices = Array.isArray(body.choices) ? (body.choices as Json[]) : [];
  const data = { host };
  for (const choice of choices) {
    const message = (choice.message ?? {}) as Json;
    const refusal = message.refusal;
    if (typeof refusal === "string" && refusal !== "")
      return {
        code: "model/refused",
        message: `The model refuses: ${refusal}`,
        remedy: "Look at the seed: another wording, another seed or another model may pass.",
        data,
      };
    if (choice.finish_reason === "content_filter")
      return {
        code: "model/filtered",
        message: "The endpoint cut the answer for its content",
        remedy: "Look at the seed: another wording, another seed or another model may pass.",
        data,
      };
    if (choice.finish_reason === "length")
      return {
        code: "model/cut-off",
        message: "The answer stops at the token limit",
        remedy: "Raise max_tokens in the template or with --max-tokens.",
        data,
      };
    const written = [choice.text, message.content, message.reasoning_content, message.reasoning];
    const something = written.some((text) => typeof text === "string" && text.trim() !== "") || Array.isArray(message.tool_calls);
    if (!something)
      return {
        code: "model/empty",
        message: "The model wrote nothing",
        remedy: "Raise the temperature or change the template's last lines.",
        data,
      };
  }
  return null;
}

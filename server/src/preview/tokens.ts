import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import type { Rendering } from "#protocol/messages/preview.ts";

/** Tokens that the chat format of OpenAI's models adds to each message, and to the whole, beside the texts and the roles' own. */
const PER_MESSAGE = 3;
const PER_REPLY = 3;
const PER_ROLE = 1;

/** The texts of a request that a model reads, as they are sent. */
export function promptTexts(body: Record<string, unknown>): string[] {
  if (typeof body.prompt === "string") return [body.prompt];
  const messages = Array.isArray(body.messages) ? (body.messages as { content?: unknown }[]) : [];
  return messages.flatMap(({ content }) =>
    Array.isArray(content)
      ? content.flatMap((part: { text?: unknown }) => (typeof part.text === "string" ? [part.text] : []))
      : typeof content === "string"
        ? [content]
        : [],
  );
}

/** What the chat format adds to the texts. */
export function formatTokens(body: Record<string, unknown>): number {
  return Array.isArray(body.messages) ? body.messages.length * (PER_MESSAGE + PER_ROLE) + PER_REPLY : 0;
}

/** About how many tokens texts have, as long as no tokenizer has looked at them: English and formulas have some 3.6 characters a token. */
export const estimateTokens = (texts: readonly string[]): number => Math.ceil(texts.reduce((sum, { length }) => sum + length, 0) / 3.6);

/**
 * Whether a count in o200k is the model's own. It is for texts alone: images, tools and an asked form of the answer are counted in
 * ways that are not published.
 */
export function countsExactly(model: string, body: Record<string, unknown>): boolean {
  if (!/^(?:openai\/)?(?:gpt-4o|gpt-4\.1|chatgpt-4o)(?![a-z])/.test(model)) return false;
  if ("tools" in body || "response_format" in body) return false;
  const messages = Array.isArray(body.messages) ? (body.messages as { content?: unknown }[]) : [];
  return messages.every(({ content }) => typeof content === "string");
}

/** Tokens that are expected of the answer: what answers had lately, else the limit of the request. */
export function expectedCompletion(body: Record<string, unknown>, mean: number | null): Rendering["tokens"]["completion"] {
  if (mean !== null) return { tokens: Math.round(mean), from: "answers" };
  const limit = body.max_completion_tokens ?? body.max_tokens;
  return typeof limit === "number" ? { tokens: limit, from: "limit" } : null;
}

/** Money for one problem at a declared price, null without one or without a limit. */
export function expectedCost(
  prompt: number,
  completion: Rendering["tokens"]["completion"],
  price: EndpointDeclaration["price"],
): number | null {
  if (price === null || completion === null) return null;
  return (prompt * price.prompt + completion.tokens * price.completion) / 1e6;
}

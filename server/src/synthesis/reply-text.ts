/** What one choice of a response says, whatever the API calls its members. */
export interface ReplyText {
  content: string;
  reasoning: string | null;
  refusal: string | null;
  /** The API's `finish_reason`: `stop`, `length`, `content_filter`, … */
  finish: string | null;
}

/**
 * Reads the choices of a `chat.completion` or `text_completion` body. Members of the wrong type count as absent: a
 * response is a stranger's text and may hold anything.
 */
export function readReply(body: Record<string, unknown>, url: string): ReplyText[] {
  const choices = Array.isArray(body.choices) ? body.choices : [];
  return choices.filter(isRecord).map((choice) => {
    const finish = asText(choice.finish_reason);
    if (!url.endsWith("/chat/completions") && typeof choice.text === "string") return splitThinking(choice.text, null, null, finish);
    const message = isRecord(choice.message) ? choice.message : {};
    const reasoning = asText(message.reasoning_content) ?? asText(message.reasoning);
    return splitThinking(contentText(message.content) ?? asText(choice.text) ?? "", reasoning, asText(message.refusal), finish);
  });
}

/** Chat content is a string, or a list of parts of which the text parts count. */
function contentText(content: unknown): string | null {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return null;
  return content.map((part) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("");
}

/**
 * Servers without a reasoning parser leave the thinking at the front of the content, between `<think>` and `</think>`.
 * Where the chat template already opened the tag, only the closing one is there.
 */
function splitThinking(content: string, reasoning: string | null, refusal: string | null, finish: string | null): ReplyText {
  const open = /^\s*<think>/.exec(content);
  const close = content.indexOf("</think>");
  if (open === null && (close < 0 || content.includes("<think>"))) return { content, reasoning, refusal, finish };
  const start = open?.[0].length ?? 0;
  const thought = content.slice(start, close < 0 ? undefined : close).trim();
  const rest = close < 0 ? "" : content.slice(close + "</think>".length);
  const all = [reasoning, thought].filter((part): part is string => part !== null && part !== "").join("\n");
  return { content: rest, reasoning: all === "" ? null : all, refusal, finish };
}

const asText = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

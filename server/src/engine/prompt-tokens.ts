import { randomUUID } from "node:crypto";
import { ApiError, invalid, unsupported } from "./api-error.ts";
import type { JinjaModule, LlamaModel, Token } from "./llama.ts";
import type { Json } from "./request-body.ts";

/** The tokens of a text completion: a text, or token ids as they are. Text never becomes a special token. */
export function completionTokens(model: LlamaModel, prompt: unknown): Token[] {
  const single = Array.isArray(prompt) && prompt.length === 1 && typeof prompt[0] !== "number" ? prompt[0] : prompt;
  if (Array.isArray(single) && single.length > 0 && single.every((token) => Number.isSafeInteger(token) && token >= 0))
    return single as Token[];
  if (typeof single !== "string") throw invalid("prompt", "prompt must be one text or one list of token ids");
  return withBeginning(model, model.tokenize(single, false));
}

/**
 * The tokens of a conversation by the model's own template. The template's special tokens are special, the messages' texts never are,
 * whatever they contain; plain text of both is tokenized in one run, as the model was trained on it.
 */
export function createChatTokens(model: LlamaModel, jinja: JinjaModule): (messages: unknown) => Token[] {
  const source = model.fileInfo.metadata.tokenizer?.chat_template;
  const template = source === undefined ? null : new jinja.Template(source);
  return (messages) => {
    if (template === null)
      throw new ApiError(400, "This model only completes: it has no chat template", { code: "chat_template_missing", param: "messages" });
    const { marked, texts, mark } = markTexts(readMessages(messages));
    let rendered: string;
    try {
      rendered = template.render({
        messages: marked,
        add_generation_prompt: true,
        bos_token: model.tokens.bosString ?? "",
        eos_token: model.tokens.eosString ?? "",
      });
    } catch (error) {
      throw invalid(
        "messages",
        `The model's chat template refuses these messages: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    const tokens: Token[] = [];
    let plain = "";
    const flush = () => {
      tokens.push(...model.tokenize(plain, false));
      plain = "";
    };
    rendered.split(mark).forEach((piece, index) => {
      // Every second piece is the number of a text.
      if (index % 2 === 1) plain += texts[Number(piece)] ?? "";
      else
        for (const token of model.tokenize(piece, true)) {
          if (!model.isSpecialToken(token)) {
            plain += model.detokenize([token], false);
            continue;
          }
          flush();
          tokens.push(token);
        }
    });
    flush();
    return withBeginning(model, tokens);
  };
}

function withBeginning(model: LlamaModel, tokens: Token[]): Token[] {
  const { bos, shouldPrependBosToken } = model.tokens;
  return shouldPrependBosToken && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens;
}

interface Message {
  role: string;
  content: string;
}

/** Each text replaced by a mark that no text contains, so that it can be told from the template around it. */
function markTexts(messages: Message[]): { marked: Message[]; texts: string[]; mark: string } {
  const mark = `\u2063${randomUUID()}\u2063`;
  return {
    marked: messages.map(({ role }, index) => ({ role, content: `${mark}${index}${mark}` })),
    texts: messages.map(({ content }) => content),
    mark,
  };
}

const ROLES = new Set(["system", "developer", "user", "assistant"]);

function readMessages(messages: unknown): Message[] {
  if (!Array.isArray(messages) || messages.length === 0) throw invalid("messages", "messages must be a list with at least one message");
  return messages.map((message: Json | null, index) => {
    const role = message?.role;
    if (typeof role !== "string" || !ROLES.has(role))
      throw invalid(`messages[${index}].role`, `role must be one of ${[...ROLES].join(", ")}`);
    return { role: role === "developer" ? "system" : role, content: readContent(message?.content, index) };
  });
}

function readContent(content: unknown, index: number): string {
  if (typeof content === "string") return content;
  if (content === null || content === undefined) return "";
  if (!Array.isArray(content)) throw invalid(`messages[${index}].content`, "content must be a text or a list of parts");
  return content
    .map((part: Json | null) => {
      if (part?.type !== "text" || typeof part.text !== "string")
        throw unsupported(`messages[${index}].content`, "this server reads text parts only");
      return part.text;
    })
    .join("");
}

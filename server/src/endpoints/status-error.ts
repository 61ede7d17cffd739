import type { APIError } from "openai";
import type { ErrorCode, Problem } from "#protocol/errors.ts";
import type { CallContext } from "./classify.ts";
import { readWait } from "./wait.ts";

/** What an error answer says, from wherever its server keeps it. */
interface Said {
  status: number | undefined;
  code: string;
  type: string;
  param: string;
  words: string;
}

/** An answer with an error status, or an error object in the middle of a stream (then without a status). */
export function statusProblem(error: APIError, context: CallContext, who: string): Problem {
  const said = read(error);
  const header = (key: string): string | null => error.headers?.get(key) ?? null;
  const wait =
    said.status === undefined || said.status === 429 || said.status >= 500 ? readWait(header, said.words, context.now ?? Date.now()) : null;
  const code = codeOf(said, context, wait !== null);
  const data: Record<string, unknown> = { host: context.host, status: said.status, said: said.words, requestId: error.requestID };
  if (said.code !== "") data.endpointCode = said.code;
  if (said.param !== "") data.param = said.param;
  if (wait !== null) data.waitSeconds = wait;
  const quote = said.words === "" ? "" : `: ${said.words}`;
  return { code, ...WORDS[code]?.(who, quote, context, said), data } as Problem;
}

/**
 * Which of our codes an answer is. Servers disagree on statuses and codes, so the endpoint's own code counts first, then its words,
 * then the status. Wordings were collected from OpenAI, vLLM, llama-server, Ollama, LM Studio, Anthropic, Gemini, Mistral and Groq.
 */
function codeOf(said: Said, context: CallContext, told: boolean): ErrorCode {
  const { status, words } = said;
  const own = `${said.code} ${said.type}`;
  if (/context_length_exceeded|exceed_context_size|string_above_max_length/.test(own)) return "model/context-too-long";
  if (/content_filter|content_policy|responsible_ai/i.test(own)) return "model/filtered";
  if (/insufficient_quota|insufficient_balance|billing_(hard_limit|not_active)/.test(own) || status === 402) return "model/quota-exceeded";
  if (status !== 401 && /model_not_found|model_not_loaded/.test(own)) return "model/not-found";
  if (status === 401 || status === 403 || status === 407 || /invalid_api_key|authentication_error/.test(own))
    return context.keyed === false ? "model/missing-key" : "model/wrong-key";
  if (status === 429 || /rate_limit/.test(own)) {
    if (status === 413) return "model/context-too-long";
    // Gemini uses the word quota for its limit per minute too, but then says how long to wait.
    return !told && /quota|billing|credit|balance/i.test(words) ? "model/quota-exceeded" : "model/rate-limited";
  }
  if (status === undefined) return CONTEXT.test(words) ? "model/context-too-long" : "model/server-error";
  if (status === 413 || (status < 500 && CONTEXT.test(words))) return "model/context-too-long";
  if (status === 404 || status === 405 || status === 410 || (status === 400 && MODEL.test(words))) return "model/not-found";
  if (status >= 500 || status === 408 || status === 409 || status === 425) return "model/server-error";
  return "model/bad-request";
}

const CONTEXT = new RegExp(
  [
    "maximum context length",
    "max(imum)? model length",
    "context (size|window|length)[^.]*(exceed|too (small|long)|overflow)",
    "exceed\\w* [^.]*(context (size|window|length)|configured limit|maximum number of tokens)",
    "context length of only",
    "greater than the context length",
    "prompt (is )?too long",
    "prompt contains \\d+ tokens",
    "reduce the length of the (messages|prompt|input)",
  ].join("|"),
  "i",
);
const MODEL = /\bmodel\b.*\b(not found|does not exist|not loaded|unknown)|no models? (is )?loaded|invalid model\b|unknown model/i;

type Words = (who: string, quote: string, context: CallContext, said: Said) => { message: string; remedy: string };

const WORDS: Partial<Record<ErrorCode, Words>> = {
  "model/wrong-key": (who, quote) => ({
    message: `${who} refuses the key${quote}`,
    remedy: "Check the key that api_key names (its secret or environment variable) and what it is allowed to use.",
  }),
  "model/missing-key": (who, quote) => ({
    message: `${who} wants a key and none was given${quote}`,
    remedy: "Name it in jiuzhang.yaml (api_key: { env: NAME }) and set that environment variable.",
  }),
  "model/not-found": (who, quote, context, said) =>
    said.status === 405 || !/model/i.test(`${said.code} ${said.words}`)
      ? {
          message: `${who} has nothing at this address (status ${said.status})${quote}`,
          remedy: "Check base_url: it usually ends in /v1, and the server must offer the OpenAI-compatible routes.",
        }
      : {
          message: `${who} has no model ${context.model === undefined ? "of that name" : `“${context.model}”`}${quote}`,
          remedy: "Check the name against the server's own list (`jiuzhang doctor` shows it), or load or pull the model there.",
        },
  "model/context-too-long": (who, quote) => ({
    message: `The prompt with the tokens asked for is longer than the model at ${who} can read${quote}`,
    remedy: "Shorten the seed or the template, lower max_tokens, or raise the server's context length.",
  }),
  "model/rate-limited": (who, quote) => ({
    message: `${who} asks to slow down${quote}`,
    remedy: "Wait and send again; limits: { rpm, tpm } in jiuzhang.yaml keeps the pace below the endpoint's limit.",
  }),
  "model/quota-exceeded": (who, quote) => ({
    message: `The account at ${who} has no credit left${quote}`,
    remedy: "Raise the account's limit or top it up, then run the same command again: it goes on where it stopped.",
  }),
  "model/filtered": (who, quote) => ({
    message: `${who} filters the request for its content${quote}`,
    remedy: "Look at the seed: another wording, another seed or another model may pass.",
  }),
  "model/server-error": (who, quote, _context, said) => ({
    message: `${who} failed${said.status === undefined ? " in the middle of its answer" : ` with status ${said.status}`}${quote}`,
    remedy: "Send the request again; if it stays, look into the server's log or its status page.",
  }),
  "model/bad-request": (who, quote, _context, said) => ({
    message: `${who} does not accept the request${quote}`,
    remedy: badRequestRemedy(said),
  }),
};

function badRequestRemedy(said: Said): string {
  const text = `${said.param} ${said.words}`;
  if (/response_format|json_schema|json_object|grammar|structured output/i.test(text))
    return "The model has no structured output: use the section form instead (metadata.jiuzhang.parse with form: sections in the template).";
  if (/chat template|chat_template/i.test(text)) return "The model only completes: use a template with metadata.jiuzhang.completion: true.";
  const field = /\b(temperature|top_p|top_k|min_p|seed|stop|logprobs|n|presence_penalty|frequency_penalty)\b/.exec(said.param)?.[0];
  if (field !== undefined) return `Leave ${field} out of the template's model options and of the command line.`;
  return "Compare the request (`jiuzhang render` shows its exact body) with what the endpoint says it accepts.";
}

function read(error: APIError): Said {
  const given: unknown = error.error;
  const body = typeof given === "object" && given !== null ? (given as Record<string, unknown>) : {};
  const inner = typeof body.error === "object" && body.error !== null ? (body.error as Record<string, unknown>) : body;
  const plain = typeof given === "string" ? given : undefined;
  const words =
    text(inner.message) ??
    plain ??
    text(inner.detail) ??
    text(body.error) ??
    (given === undefined ? bare(error.message) : JSON.stringify(given));
  // In a stream, and from proxies, the status travels as the error's code.
  const number = Number(inner.code ?? inner.status);
  const status = error.status ?? (Number.isInteger(number) && number >= 400 && number < 600 ? number : undefined);
  return {
    status: status as number | undefined,
    code: typeof inner.code === "string" ? inner.code : "",
    type: text(inner.type) ?? "",
    param: text(inner.param) ?? "",
    words: shorten(words),
  };
}

const text = (value: unknown): string | undefined => {
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : undefined;
};

/** The client writes the status before the body's text, and says so where there is no body. */
const bare = (message: string): string => message.replace(/^\d{3} /, "").replace(/^status code \(no body\)$/, "");

/** One line without the tags of an HTML error page, short enough for a terminal. */
function shorten(words: string): string {
  const line = (/<[a-z!]/i.test(words) ? words.replace(/<(style|script)[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]*>/g, " ") : words)
    .replace(/\s+/g, " ")
    .trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line.replace(/\.$/, "");
}

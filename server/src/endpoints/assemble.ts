/** What one chunk of a stream added to one choice. */
export interface Delta {
  /** Number of the choice. */
  index: number;
  text: string;
  reasoning: string;
}

type Json = Record<string, unknown>;

/**
 * Puts the chunks of a streamed answer together into the object that the endpoint would have given without streaming:
 * `chat.completion` from `chat.completion.chunk`, `text_completion` from its own chunks. Members that we do not know are kept as the
 * last chunk that carried them had them. Reasoning stays in its own member under the name that the server uses.
 */
export function createAssembler(onDelta?: (delta: Delta) => void) {
  const top: Json = {};
  const choices = new Map<number, Json>();
  let chunks = 0;

  const add = (chunk: Json) => {
    chunks++;
    for (const [name, value] of Object.entries(chunk)) {
      if (name === "choices" || value === null || value === undefined) continue;
      top[name] = value;
    }
    for (const part of asArray(chunk.choices)) {
      const index = typeof part.index === "number" ? part.index : 0;
      const choice = choices.get(index) ?? { index, logprobs: null, finish_reason: null };
      choices.set(index, choice);
      addToChoice(choice, part);
      if (onDelta === undefined) continue;
      const delta = asObject(part.delta) ?? asObject(part.message) ?? {};
      const text = asText(part.text) + asText(delta.content);
      const reasoning = asText(delta.reasoning_content) || asText(delta.reasoning);
      if (text !== "" || reasoning !== "") onDelta({ index, text, reasoning });
    }
  };

  return {
    add,
    /** Whether any chunk came. */
    started: () => chunks > 0,
    /** Whether every choice that began also said why it ended. */
    finished: () => choices.size > 0 && [...choices.values()].every((choice) => choice.finish_reason !== null),
    body(): Json {
      const sorted = [...choices.values()].sort((a, b) => Number(a.index) - Number(b.index));
      const chat = sorted.some((choice) => "message" in choice) || String(top.object).startsWith("chat.");
      return { ...top, object: chat ? "chat.completion" : "text_completion", choices: sorted };
    },
  };
}

function addToChoice(choice: Json, part: Json): void {
  for (const [name, value] of Object.entries(part)) {
    if (value === null || value === undefined || name === "index") continue;
    if (name === "delta" || name === "message") {
      choice.message ??= { role: "assistant", content: null };
      addToMessage(choice.message as Json, asObject(value) ?? {});
    } else if (name === "text") choice.text = asText(choice.text) + asText(value);
    else if (name === "logprobs") choice.logprobs = joinLists(asObject(choice.logprobs) ?? {}, asObject(value) ?? {});
    else choice[name] = value;
  }
}

/** Members of a message that arrive in pieces; everything else is taken whole. */
const PIECEWISE = new Set(["content", "reasoning_content", "reasoning", "refusal"]);

function addToMessage(message: Json, delta: Json): void {
  for (const [name, value] of Object.entries(delta)) {
    if (value === null || value === undefined) continue;
    if (PIECEWISE.has(name) && typeof value === "string") message[name] = asText(message[name]) + value;
    else if (name === "tool_calls") message.tool_calls = addToolCalls(asArray(message.tool_calls), asArray(value));
    else if (name === "role" && value === "") continue;
    else message[name] = value;
  }
}

function addToolCalls(calls: Json[], parts: Json[]): Json[] {
  for (const part of parts) {
    const { index, function: piece, ...whole } = part;
    const at = typeof index === "number" ? index : calls.length;
    calls[at] ??= { type: "function", function: { name: "", arguments: "" } };
    const call = calls[at];
    Object.assign(call, whole);
    const target = call.function as Json;
    const given = asObject(piece) ?? {};
    if (asText(given.name) !== "") target.name = given.name;
    target.arguments = asText(target.arguments) + asText(given.arguments);
  }
  return calls;
}

/** Log probabilities arrive as lists that continue one another. */
function joinLists(before: Json, after: Json): Json {
  const joined: Json = { ...before };
  for (const [name, value] of Object.entries(after)) {
    const old = joined[name];
    joined[name] = Array.isArray(old) && Array.isArray(value) ? [...old, ...value] : (value ?? old);
  }
  return joined;
}

const asObject = (value: unknown): Json | null =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
const asArray = (value: unknown): Json[] => (Array.isArray(value) ? value.filter((item) => asObject(item) !== null) : []);
const asText = (value: unknown): string => (typeof value === "string" ? value : "");

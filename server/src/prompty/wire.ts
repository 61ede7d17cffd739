import { fail } from "#protocol/errors.ts";
import type { ContentPart, Message } from "#protocol/template.ts";
import { objectSchema } from "./json-schema.ts";
import type { ModelOptions, Tool } from "./model.ts";
import type { Property } from "./property.ts";
import type { Rendered } from "./render.ts";
import type { Template } from "./template.ts";

export type WireBody = Record<string, unknown>;

export interface WireRequest {
  url: "/v1/chat/completions" | "/v1/completions";
  body: WireBody;
}

export type MaxTokensField = "max_tokens" | "max_completion_tokens";

export interface RequestChoices {
  /** The endpoint's name of the model; by default the template's own. */
  model?: string;
  /** Laid over the template's own options, member by member; null takes one of those away. */
  sampling?: { [Option in keyof ModelOptions]?: ModelOptions[Option] | null };
  /** Chat only, by default `max_completion_tokens`; text completions know `max_tokens` alone. */
  maxTokensField?: MaxTokensField;
  /** Whether the template's outputs are asked for as `response_format`; by default yes, where it declares any. Chat only. */
  structured?: boolean;
}

/** The request that a rendering makes: the same for a preview, one problem or a million. */
export function toRequest(template: Template, rendered: Pick<Rendered, "text" | "messages">, choices: RequestChoices = {}): WireRequest {
  const model = choices.model ?? template.model?.id ?? null;
  if (model === null)
    throw fail("template/invalid", "The request names no model", {
      remedy: "Name one with “model:” in the template, or choose an endpoint.",
    });
  const options = mergeOptions(template.model?.options ?? {}, choices.sampling ?? {});
  if (template.profile.completion)
    return { url: "/v1/completions", body: withOptions({ model, prompt: rendered.text }, options, "max_tokens") };
  const apiType = template.model?.apiType ?? "chat";
  if (apiType !== "chat")
    throw fail("template/invalid", `Unsupported API type: ${apiType}`, { remedy: "Write “apiType: chat”, or leave it out." });
  const body = chatBody({
    model,
    messages: rendered.messages,
    options,
    tools: template.tools,
    outputs: choices.structured === false ? [] : template.outputs,
    maxTokensField: choices.maxTokensField ?? "max_completion_tokens",
  });
  return { url: "/v1/chat/completions", body };
}

export interface ChatParts {
  model: string;
  messages: readonly Message[];
  options: ModelOptions;
  tools: readonly Tool[];
  outputs: readonly Property[];
  maxTokensField: MaxTokensField;
}

/** The body of a chat completion (specification, section 7.1.7). */
export function chatBody({ model, messages, options, tools, outputs, maxTokensField }: ChatParts): WireBody {
  const wireTools = tools.filter(({ kind }) => kind === "function").map(toolToWire);
  const body: WireBody = { model, messages: messages.map(messageToWire) };
  if (wireTools.length > 0) body.tools = wireTools;
  if (outputs.length > 0)
    body.response_format = {
      type: "json_schema",
      json_schema: { name: "structured_output", strict: true, schema: objectSchema(outputs, true) },
    };
  return withOptions(body, options, maxTokensField);
}

function mergeOptions(own: ModelOptions, chosen: NonNullable<RequestChoices["sampling"]>): ModelOptions {
  const merged: Record<string, unknown> = { ...own };
  for (const [name, value] of Object.entries(chosen)) {
    if (value === null) delete merged[name];
    else if (value !== undefined) merged[name] = value;
  }
  if (own.additionalProperties && chosen.additionalProperties)
    merged.additionalProperties = { ...own.additionalProperties, ...chosen.additionalProperties };
  return merged;
}

/** Adds the options under their wire names (specification, section 7.1.5); a template's own additions never replace a member. */
function withOptions(body: WireBody, options: ModelOptions, maxTokensField: MaxTokensField): WireBody {
  const named: [string, unknown][] = [
    ["temperature", options.temperature],
    [maxTokensField, options.maxOutputTokens],
    ["top_p", options.topP],
    ["frequency_penalty", options.frequencyPenalty],
    ["presence_penalty", options.presencePenalty],
    ["seed", options.seed],
    ["stop", options.stopSequences],
  ];
  const result = new Map(Object.entries(body));
  for (const [name, value] of named) if (value !== undefined) result.set(name, value);
  for (const [name, value] of Object.entries(options.additionalProperties ?? {})) if (!result.has(name)) result.set(name, value);
  return Object.fromEntries(result);
}

function messageToWire({ role, content, metadata }: Message): WireBody {
  const [only] = content;
  const plain = content.length === 1 && only?.kind === "text";
  return { ...metadata, role, content: plain ? only.value : content.map(partToWire) };
}

const AUDIO_FORMATS: Record<string, string | undefined> = {
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/mp3": "mp3",
  "audio/mpeg": "mp3",
  "audio/flac": "flac",
  "audio/ogg": "ogg",
};

function partToWire({ kind, value, mediaType }: ContentPart): WireBody {
  switch (kind) {
    case "text":
      return { type: "text", text: value };
    case "image":
      return { type: "image_url", image_url: { url: value } };
    case "file":
      return { type: "file", file: { url: value } };
    case "audio": {
      const format = AUDIO_FORMATS[mediaType ?? ""] ?? (mediaType ?? "audio/wav").replace(/^audio\//, "");
      return { type: "input_audio", input_audio: { data: value, format } };
    }
  }
}

/** A function tool without the parameters that are bound at call time (specification, section 7.1.3). */
function toolToWire({ name, description, strict, parameters, bound }: Tool): WireBody {
  const shown = parameters.filter((parameter) => !bound.includes(parameter.name));
  return {
    type: "function",
    function: {
      name,
      ...(description === null ? {} : { description }),
      ...(strict ? { strict: true } : {}),
      parameters: objectSchema(shown, strict),
    },
  };
}

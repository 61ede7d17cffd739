import { didYouMean, quoted } from "../words/suggest.ts";
import type { Locate } from "./front-matter.ts";
import { type Property, readParameters } from "./property.ts";
import type { Report } from "./report.ts";
import { isMap } from "./values.ts";

/** How a model is asked (specification, section 2.6). The names are Prompty's; wire.ts knows the endpoint's. */
export interface ModelOptions {
  temperature?: number;
  maxOutputTokens?: number;
  topP?: number;
  topK?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  seed?: number;
  stopSequences?: string[];
  allowMultipleToolCalls?: boolean;
  /** Further members of the wire body, as they are. */
  additionalProperties?: Record<string, unknown>;
}

export interface Model {
  id: string | null;
  provider: string | null;
  apiType: string | null;
  connection: unknown;
  options: ModelOptions;
  /** All members as they were written. */
  data: Record<string, unknown>;
}

export interface Tool {
  name: string;
  kind: string;
  description: string | null;
  strict: boolean;
  parameters: Property[];
  /** Names of parameters that the model does not see. */
  bound: string[];
  data: Record<string, unknown>;
}

const NUMBERS = ["temperature", "maxOutputTokens", "topP", "topK", "frequencyPenalty", "presencePenalty", "seed"] as const;
const WHOLE = new Set<string>(["maxOutputTokens", "topK", "seed"]);
const OPTIONS = [...NUMBERS, "stopSequences", "allowMultipleToolCalls", "additionalProperties"];

/** Reads `model`, a name or a map. Null where the template names none. */
export function readModel(data: unknown, report: Report, locate: Locate): Model | null {
  if (data === undefined || data === null) return null;
  if (typeof data === "string") return { id: data, provider: null, apiType: null, connection: null, options: {}, data: { id: data } };
  if (!isMap(data)) {
    report.error(locate(["model"]), "“model” must be a name or a map", "Write “model: name”, or “id: name” below “model:”.");
    return null;
  }
  const text = (member: string): string | null => {
    const value = data[member];
    if (typeof value === "string") return value;
    if (value !== undefined && value !== null)
      report.error(locate(["model", member]), `“model.${member}” must be text`, "Write it in quotes if it looks like a number.");
    return null;
  };
  return {
    id: text("id"),
    provider: text("provider"),
    apiType: text("apiType"),
    connection: data.connection ?? null,
    options: readOptions(data.options, report, locate),
    data,
  };
}

function readOptions(data: unknown, report: Report, locate: Locate): ModelOptions {
  const options: ModelOptions = {};
  if (data === undefined || data === null) return options;
  const wrong = (member: string, what: string): void =>
    report.error(locate(["model", "options", member]), `The model option “${member}” must be ${what}`, "Correct or remove the value.");
  if (!isMap(data)) {
    report.error(locate(["model", "options"]), "“model.options” must be a map", `Options are ${OPTIONS.join(", ")}.`);
    return options;
  }
  for (const name of NUMBERS) {
    const value = data[name];
    if (value === undefined || value === null) continue;
    if (typeof value === "number" && Number.isFinite(value) && (!WHOLE.has(name) || Number.isInteger(value))) options[name] = value;
    else wrong(name, WHOLE.has(name) ? "a whole number" : "a number");
  }
  const stop = data.stopSequences ?? undefined;
  if (Array.isArray(stop) && stop.every((item) => typeof item === "string")) options.stopSequences = stop;
  else if (stop !== undefined) wrong("stopSequences", "a list of texts");
  const many = data.allowMultipleToolCalls ?? undefined;
  if (typeof many === "boolean") options.allowMultipleToolCalls = many;
  else if (many !== undefined) wrong("allowMultipleToolCalls", "true or false");
  const more = data.additionalProperties ?? undefined;
  if (isMap(more)) options.additionalProperties = more;
  else if (more !== undefined) wrong("additionalProperties", "a map");
  for (const name of Object.keys(data))
    if (!OPTIONS.includes(name))
      report.warning(
        locate(["model", "options", name]),
        `The model option ${quoted(name)} is unknown and is not sent`,
        didYouMean(name, OPTIONS, "Put an endpoint's own options under “additionalProperties”."),
      );
  return options;
}

/** Reads `tools`. Kinds that are none of the specification's are kept as custom tools. */
export function readTools(data: unknown, report: Report, locate: Locate): Tool[] {
  if (data === undefined || data === null) return [];
  if (!Array.isArray(data)) {
    report.error(locate(["tools"]), "“tools” must be a list", "Write one tool an entry: “- name: …” and below it “kind: function”.");
    return [];
  }
  const tools: Tool[] = [];
  for (const [i, item] of data.entries()) {
    if (!isMap(item) || typeof item.name !== "string") {
      report.error(locate(["tools", i]), `Tool ${i + 1} has no name`, "Write “- name: …” and below it “kind: function”.");
      continue;
    }
    const kind = typeof item.kind === "string" ? item.kind : "function";
    if (kind !== "function")
      report.warning(
        locate(["tools", i]),
        `The tool ${quoted(item.name)} of kind ${quoted(kind)} is not sent`,
        "Only tools of kind function are sent.",
      );
    tools.push({
      name: item.name,
      kind,
      description: typeof item.description === "string" ? item.description : null,
      strict: item.strict === true,
      parameters: kind === "function" ? readParameters(item.parameters, ["tools", i, "parameters"], report, locate) : [],
      bound: isMap(item.bindings) ? Object.keys(item.bindings) : [],
      data: item,
    });
  }
  return tools;
}

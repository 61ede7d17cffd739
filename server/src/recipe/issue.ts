import type { z } from "zod";
import { nearest } from "../words/suggest.ts";
import { embeddedEndpoint, servedEndpoint } from "./schema.ts";

/** A finding inside one endpoint: where (path of keys), what, and what to do. No value of the file is repeated in it. */
export interface Finding {
  path: readonly PropertyKey[];
  /** The place is the key itself, not its value. */
  atKey: boolean;
  message: string;
  remedy: string;
}

/** Puts one issue of the schema into words. `embedded` tells which of the two forms the endpoint has. */
export function explain(name: string, issue: z.core.$ZodIssue, embedded: boolean): Finding[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: [...issue.path, key], atKey: true, ...unknownKey(name, issue.path, key, embedded) }));
  const field = issue.path.join(".");
  const missing = issue.code === "invalid_type" && issue.input === undefined;
  const remedy = HELP[field] ?? "Look at the example in the README.";
  if (missing) return [{ path: issue.path.slice(0, -1), atKey: true, message: missingField(name, field), remedy }];
  const message =
    field === "" ? `Endpoint “${name}” must be a group of settings` : `Endpoint “${name}”: “${field}” must be ${expected(issue)}`;
  return [{ path: issue.path, atKey: false, message, remedy: field === "" ? "Write “{ embedded: true }”, for example." : remedy }];
}

function missingField(name: string, field: string): string {
  if (field === "base_url") return `Endpoint “${name}” does not say where its model is served`;
  return `Endpoint “${name}” has no “${field}”`;
}

function unknownKey(name: string, parent: readonly PropertyKey[], key: string, embedded: boolean): { message: string; remedy: string } {
  const shape = embedded ? embeddedEndpoint.shape : servedEndpoint.shape;
  const other = embedded ? servedEndpoint.shape : embeddedEndpoint.shape;
  if (parent.length === 0 && Object.hasOwn(other, key))
    return embedded
      ? {
          message: `Endpoint “${name}” is embedded and has no use for “${key}”`,
          remedy: key === "base_url" ? "Remove either “embedded: true” or “base_url”." : `Remove “${key}”.`,
        }
      : { message: `“${key}” is for embedded endpoints only`, remedy: `Remove “${key}”, or write “embedded: true” instead of “base_url”.` };
  const known = parent.length === 0 ? Object.keys(shape) : (MEMBERS[String(parent[0])] ?? []);
  const group = parent.length === 0 ? `Endpoint “${name}”` : `“${parent.join(".")}” of endpoint “${name}”`;
  const meant = MEANT.get(key.toLowerCase()) ?? nearest(key, known);
  return {
    message: `${group} has no setting “${printable(key)}”`,
    remedy: meant !== null && known.includes(meant) ? `Did you mean “${meant}”?` : `Known settings: ${known.join(", ")}.`,
  };
}

function expected(issue: z.core.$ZodIssue): string {
  const field = String(issue.path.at(-1) ?? "");
  const what = EXPECTED[field];
  if (what !== undefined) return what;
  return issue.code === "invalid_type" && issue.expected === "object" ? "a group of settings" : "text";
}

/** Keys are shown so that they can be found; a long one is cut, for it may be anything. */
export const printable = (key: string): string => (key.length <= 40 ? key : `${key.slice(0, 39)}…`);

const MEMBERS: Record<string, readonly string[]> = {
  api_key: ["secret", "env"],
  price: ["prompt", "completion", "cached"],
  limits: ["rpm", "tpm"],
};

/** Words that people bring along from other tools. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ["url", "base_url"],
  ["endpoint", "base_url"],
  ["api_base", "base_url"],
  ["key", "api_key"],
  ["token", "api_key"],
  ["input", "prompt"],
  ["output", "completion"],
  ["name", "model"],
  ["id", "model"],
  ["gguf", "model_file"],
  ["path", "model_file"],
  ["lora", "adapter_file"],
  ["adapter", "adapter_file"],
  ["environment", "env"],
  ["version", "revision"],
]);

const EXPECTED: Record<string, string> = {
  embedded: "true or false",
  base_url: "an address that begins with http:// or https:// and holds no user name",
  provider: "a word without spaces, “/” and “@”",
  api_key: "the name of a secret or of an environment variable",
  secret: "the name of a secret: letters, digits, “-”, “_” and “.”",
  env: "the name of an environment variable: letters, digits and “_”",
  price: "a group of settings",
  prompt: "a number, not below 0",
  completion: "a number, not below 0",
  cached: "a number, not below 0",
  limits: "a group of settings",
  rpm: "a whole number above 0",
  tpm: "a whole number above 0",
  threads: "a whole number from 1 to 1024",
  max_tokens_field: "auto, max_tokens or max_completion_tokens",
};

const NUMBER = "Write the bare number, without quotes, units or a currency sign.";
const PRICE = "Write price: { prompt: 2.5, completion: 10 } (money per million tokens).";
const TEXT = "Write it as text; put it in quotes where it looks like a number.";

const HELP: Record<string, string> = {
  embedded: "Write “embedded: true” for the embedded model, or leave it out.",
  base_url: "Write base_url: http://127.0.0.1:8000/v1, for example, or “embedded: true” for the embedded model.",
  model: TEXT.replace("it", "the model's name"),
  provider: "Write provider: openai, for example.",
  revision: TEXT,
  model_file: TEXT,
  adapter_file: TEXT,
  api_key: "Write api_key: { secret: openai }, or api_key: { env: OPENAI_API_KEY }.",
  "api_key.secret": "Write api_key: { secret: openai }; the key itself goes into an environment variable.",
  "api_key.env": "Write api_key: { env: OPENAI_API_KEY }; the key itself goes into that variable.",
  price: PRICE,
  "price.prompt": NUMBER,
  "price.completion": NUMBER,
  "price.cached": NUMBER,
  limits: "Write limits: { rpm: 500, tpm: 800000 }.",
  "limits.rpm": NUMBER,
  "limits.tpm": NUMBER,
  threads: NUMBER,
  max_tokens_field: "Leave it out, unless the endpoint needs one of the two.",
};

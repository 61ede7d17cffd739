import { SETTINGS, type Settings } from "../ids.ts";

/** Whether a value is what the manifest allows for a setting. */
export function fits<K extends keyof Settings>(id: K, value: unknown): value is Settings[K] {
  const { types, values } = SETTINGS[id];
  if (values !== null) return values.includes(value);
  return types.some((type) => isOf(type, value));
}

/** What a setting may be, in words: “text or null”. */
export function expectation(id: keyof Settings): string {
  const { types, values } = SETTINGS[id];
  const words = values === null ? types.map((type) => WORDS[type] ?? type) : values.map((value) => JSON.stringify(value));
  return new Intl.ListFormat("en", { type: "disjunction" }).format(words);
}

const WORDS: Record<string, string> = {
  string: "text in quotation marks",
  boolean: "true or false",
  number: "a number",
  integer: "a whole number",
};

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    default:
      return typeof value === type;
  }
}

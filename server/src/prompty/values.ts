/**
 * The leaf semantics of the portable Jinja subset (grammar, section 5). Values are what JSON can say; `undefined` is a
 * lookup that found nothing.
 */
export type Value = unknown;

/** Members that reach out of plain data are not data. */
const HIDDEN = new Set(["__proto__", "constructor", "prototype"]);

export function isMap(value: Value): value is Record<string, Value> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a value looks like in text: no quotes, no escaping, `null` and undefined empty; lists and maps as JSON. */
export function stringify(value: Value): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  if (typeof value !== "object") return Object.is(value, -0) ? "0" : String(value);
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return Array.isArray(value) ? "[…]" : "{…}";
  }
}

/** `""`, `[]`, `{}`, `0`, `false`, `null` and undefined are false, everything else is true. */
export function truthy(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isMap(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** Member of a map by name or of a list by index from 0; undefined when there is none. */
export function member(value: Value, key: Value): Value {
  if (Array.isArray(value)) return typeof key === "number" && Number.isInteger(key) && key >= 0 ? value[key] : undefined;
  if (!isMap(value)) return undefined;
  const name = typeof key === "number" ? String(key) : key;
  if (typeof name !== "string" || HIDDEN.has(name) || !Object.hasOwn(value, name)) return undefined;
  return value[name];
}

/** Equality by content. Values nested deeper than a hundred levels count as different. */
export function equal(a: Value, b: Value, depth = 0): boolean {
  if (a === b || (isNothing(a) && isNothing(b))) return true;
  if (depth > 100) return false;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i], depth + 1));
  if (!isMap(a) || !isMap(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key], depth + 1));
}

export function isNothing(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

/** What a value is, in the words of a message. */
export function describe(value: Value): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return "text";
  if (typeof value === "number") return Number.isInteger(value) ? "a whole number" : "a number";
  return typeof value === "boolean" ? "true or false" : `a ${typeof value}`;
}

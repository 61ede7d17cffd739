/** A JSON object, or why the text is none. */
export function parseObject(text: string): Record<string, unknown> | string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    return `it is ${Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`}, not an object`;
  } catch (thrown) {
    return `it is not JSON (${(thrown as Error).message.replace(/\n[\s\S]*/, "").slice(0, 120)})`;
  }
}

/** A JSON object in a text, or null where the text is anything else. */
export function objectIn(text: string): Record<string, unknown> | null {
  const parsed = parseObject(text);
  return typeof parsed === "string" ? null : parsed;
}

import type { Finding } from "./issue.ts";
import { looksLikeKey } from "./key-variable.ts";

/**
 * What is wrong with an `api_key`, beyond its shape: a key that was written into the file, plainly or as the "name" of a
 * secret. Null where it is in order or where the schema has more to say.
 */
export function checkApiKey(name: string, value: unknown): Finding | null {
  const remedy = "Write api_key: { secret: openai } and put the key into the environment variable JIUZHANG_KEY_OPENAI.";
  if (typeof value === "string" || typeof value === "number") {
    const variable = typeof value === "string" ? /^\$\{?(?:env:)?([A-Za-z_][A-Za-z0-9_]*)\}?$/.exec(value)?.[1] : undefined;
    return {
      path: ["api_key"],
      atKey: false,
      message: `Endpoint “${name}”: a key never stands in this file, which is shared and kept in git`,
      remedy:
        variable === undefined
          ? `${remedy} If this was a real key, withdraw it and ask for a new one.`
          : `Write api_key: { env: ${variable} }.`,
    };
  }
  if (typeof value !== "object" || value === null) return null;
  for (const [member, text] of Object.entries(value))
    if (typeof text === "string" && looksLikeKey(text))
      return {
        path: ["api_key", member],
        atKey: false,
        message: `Endpoint “${name}”: “api_key.${member.slice(0, 12)}” looks like a key, but only the name of one belongs here`,
        remedy: `${remedy} If this was a real key, withdraw it and ask for a new one.`,
      };
  return null;
}

/** The user's `markdown.math.macros`: what is no text under a name of TeX is left out. */
export function validMacros(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string" && /^\\?(?:[A-Za-z]+|.)$/u.test(entry[0]),
    ),
  );
}

/**
 * JSON with sorted member names and no spaces, so that equal values have equal texts. Numbers and strings are written as
 * `JSON.stringify` writes them; members that are undefined are left out.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? "null";
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  // Without a prototype a member named `__proto__` stays an ordinary member.
  const copy: Record<string, unknown> = Object.create(null);
  for (const [name, member] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) copy[name] = sorted(member);
  return copy;
}

import { fail } from "#protocol/errors.ts";

/** A row's place in an order: its sort value and its number. */
export interface Key {
  value: number;
  n: number;
}

export const encodeCursor = ({ value, n }: Key): string => Buffer.from(JSON.stringify([value, n])).toString("base64url");

/** @throws usage/invalid-argument */
export function decodeCursor(text: string): Key {
  try {
    const [value, n, ...rest] = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as unknown[];
    if (typeof value === "number" && typeof n === "number" && rest.length === 0) return { value, n };
  } catch {
    // Falls through to the same refusal as a cursor of another form.
  }
  throw fail("usage/invalid-argument", "The cursor is none that a page gave", { remedy: "Begin again without a cursor." });
}

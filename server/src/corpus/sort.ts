import type { Query } from "#protocol/corpus.ts";
import { fail } from "#protocol/errors.ts";

export const SORT_FIELDS = ["created", "length", "tokens"] as const;

/** Parses `created`, `length` or `tokens`; with `-` in front the largest come first. @throws usage/invalid-argument */
export function parseSort(text: string): Query["sort"] {
  const descending = text.startsWith("-");
  const field = SORT_FIELDS.find((name) => name === (descending ? text.slice(1) : text));
  if (field !== undefined) return { field, descending };
  throw fail("usage/invalid-argument", `Rows cannot be sorted by “${text}”`, {
    remedy: `Sort by ${SORT_FIELDS.join(", ")}, with - in front for the largest first.`,
  });
}

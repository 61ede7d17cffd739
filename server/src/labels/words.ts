import type { Label } from "#protocol/corpus.ts";
import type { Change } from "#protocol/messages/corpus.ts";

/** A change in words: “2 rows labelled keep”. */
export function wordsOf(kind: Change["kind"], rows: number, label: Label | null): string {
  const some = `${rows.toLocaleString("en-US")} row${rows === 1 ? "" : "s"}`;
  if (kind === "edit") return `${some} edited`;
  if (kind === "delete") return `${some} deleted`;
  return label === null ? `label taken from ${some}` : `${some} labelled ${label}`;
}

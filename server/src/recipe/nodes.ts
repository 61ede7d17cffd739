import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Pair } from "yaml";
import type { Finding } from "./issue.ts";

/** The name of an entry; null where it is none. */
export function keyOf(pair: Pair): string | null {
  const key = isScalar(pair.key) ? pair.key.value : null;
  return typeof key === "string" || typeof key === "number" ? String(key) : null;
}

/** Half-open offsets of a node, white space after it left out. */
export function spanOf(node: unknown, source: string): [number, number] {
  const range = isNode(node) ? node.range : null;
  if (!range) return [0, 0];
  const [start, end] = range;
  return [start, start + source.slice(start, end).trimEnd().length];
}

/** Whether nothing is written. */
export const isEmpty = (node: unknown): boolean => node === null || node === undefined || (isScalar(node) && node.value === null);

/** What an alias stands for. */
export const resolved = (document: Document.Parsed, node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);

/** The entries of a group; none where it is no group. */
export function entriesOf(document: Document.Parsed, node: unknown): Pair[] {
  const group = resolved(document, node);
  return isMap(group) ? group.items : [];
}

/** The entry of this name. */
export const entryOf = (document: Document.Parsed, node: unknown, name: string): Pair | undefined =>
  entriesOf(document, node).find((pair) => keyOf(pair) === name);

/** The key or value that a finding speaks of; where it was merged in from elsewhere, the nearest thing that stands here. */
export function nodeAt(document: Document.Parsed, entry: Pair, finding: Pick<Finding, "path" | "atKey">): unknown {
  let key: unknown = entry.key;
  let value: unknown = entry.value;
  for (const [depth, step] of finding.path.entries()) {
    const group = resolved(document, value);
    if (isSeq(group) && typeof step === "number") {
      if (group.items[step] === undefined) return isNode(value) ? value : key;
      value = group.items[step];
      // An item has no name of its own: what is wrong with its name is shown at the whole item.
      key = value;
      continue;
    }
    const pair = entryOf(document, group, String(step));
    if (pair === undefined) return depth === 0 ? entry.key : key;
    key = pair.key;
    value = pair.value;
  }
  return finding.atKey || isEmpty(value) ? key : value;
}

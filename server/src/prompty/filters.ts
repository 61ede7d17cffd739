import { describe, isMap, isNothing, stringify, type Value } from "./values.ts";

/** A filter that cannot work on its value gives the reason instead of a result. */
export type FilterResult = { value: Value } | { misuse: string };

interface Filter {
  /** Least and most arguments. */
  args: [number, number];
  /** How it is written, for messages and completion. */
  usage: string;
  apply(input: Value, args: Value[]): FilterResult;
}

function onText(change: (text: string) => string, usage: string): Filter {
  return {
    args: [0, 0],
    usage,
    apply: (input) =>
      input === undefined
        ? { value: undefined }
        : typeof input === "object" && input !== null
          ? { misuse: `it needs text, not ${describe(input)}` }
          : { value: change(stringify(input)) },
  };
}

/** Strips space, tab, CR and LF only, as the grammar says. Counts from both ends, so that long white space costs no more than its length. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && " \t\r\n".includes(text.charAt(start))) start++;
  while (end > start && " \t\r\n".includes(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

function length(input: Value): FilterResult {
  if (isNothing(input)) return { value: 0 };
  if (Array.isArray(input)) return { value: input.length };
  if (isMap(input)) return { value: Object.keys(input).length };
  // Characters are code points, as in the reference engine.
  if (typeof input === "string") return { value: [...input].length };
  return { misuse: `it needs text, a list or a map, not ${describe(input)}` };
}

function join(input: Value, args: Value[]): FilterResult {
  if (isNothing(input)) return { value: input };
  if (!Array.isArray(input)) return { misuse: `it needs a list, not ${describe(input)}` };
  return { value: input.map(stringify).join(stringify(args[0])) };
}

/** The seven filters of the portable subset (grammar, section 5.4). */
export const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ["upper", onText((text) => text.toUpperCase(), "upper")],
  ["lower", onText((text) => text.toLowerCase(), "lower")],
  ["trim", onText(trim, "trim")],
  ["join", { args: [0, 1], usage: 'join(", ")', apply: join }],
  ["length", { args: [0, 0], usage: "length", apply: length }],
  ["default", { args: [1, 1], usage: 'default("…")', apply: (input, [fallback]) => ({ value: isNothing(input) ? fallback : input }) }],
  [
    "replace",
    {
      args: [2, 2],
      usage: 'replace("old", "new")',
      apply: (input, [old, fresh]) =>
        typeof input === "object" && input !== null
          ? { misuse: `it needs text, not ${describe(input)}` }
          : { value: stringify(input).split(stringify(old)).join(stringify(fresh)) },
    },
  ],
]);

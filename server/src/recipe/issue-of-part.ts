import * as z from "zod";
import { nearest } from "../words/suggest.ts";
import { type Finding, printable } from "./issue.ts";
import { bare, formFor, formsOf, inside, keysOf, membersOf, type Path, shapeOf } from "./roles.ts";
import { VERB_NAMES, VERBS, type Verb } from "./verbs.ts";

/**
 * What is wrong with the shape of a host or step, in words. All of them are made from the schema, its descriptions and examples, so a new
 * setting needs none of its own.
 * @param who how messages name it: `Step “teach”`
 */
export function explainPart(who: string, schema: z.ZodObject, value: unknown): Finding[] {
  const checked = schema.safeParse(value, { reportInput: true });
  if (checked.success) return [];
  const findings = checked.error.issues.flatMap((issue) => explainIssue(who, schema, value, issue));
  // A misspelt setting that is needed is one mistake, not two.
  const misspelt = new Set(findings.map(({ meant }) => meant));
  return findings.filter(({ lacks }) => lacks === undefined || !misspelt.has(lacks)).map(({ meant: _, lacks: __, ...finding }) => finding);
}

interface Found extends Finding {
  /** The setting that an unknown one was probably meant to be. */
  meant?: string | undefined;
  /** The setting that is not written. */
  lacks?: string;
}

function explainIssue(who: string, schema: z.ZodObject, value: unknown, issue: z.core.$ZodIssue): Found[] {
  const path = issue.path.filter((key) => typeof key !== "symbol");
  const at = atPath(schema, value, path);
  const field = dotted(path);
  if (path.length > 0 && (issue.input === undefined || issue.input === null) && MISSING.has(issue.code)) {
    const where = issue.input === null ? path : path.slice(0, -1);
    return [{ path: where, atKey: true, message: `${who} has no “${field}”`, remedy: addRemedy(path, at?.schema), lacks: field }];
  }
  if (issue.code === "invalid_union" && at !== null) {
    const form = formFor(at.schema, at.value);
    // The issues of the form that was meant say more than that none fits.
    if (form !== null && form !== bare(at.schema).schema) {
      const inner = form.safeParse(at.value, { reportInput: true });
      if (!inner.success)
        return inner.error.issues.flatMap((found) => explainIssue(who, schema, value, { ...found, path: [...path, ...found.path] }));
    }
  }
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: [...path, key], atKey: true, ...unknownKey(who, schema, at?.schema ?? schema, path, key) }));
  if (issue.code === "invalid_key")
    return [
      {
        path,
        atKey: true,
        message: `${who}: “${printable(String(path.at(-1)))}” cannot be a name here`,
        remedy: "Use letters, digits, “-”, “_” and “.”, beginning with a letter or digit.",
      },
    ];
  const remedy = at === null ? "Look at the example in the README." : remedyOf(String(path.at(-1) ?? ""), at.schema, at.value);
  if (field === "")
    return [{ path, atKey: false, message: `${who} must be a group of settings`, remedy: "Write { name: value } below its name." }];
  const wanted = at === null ? "another value" : wantedOf(at.schema, issue);
  return [{ path, atKey: false, message: `${who}: “${field}” must be ${wanted}`, remedy }];
}

/** Codes that the schema gives where nothing is written. */
const MISSING: ReadonlySet<string> = new Set(["invalid_type", "invalid_union", "invalid_value"]);

/** `data.0.from` as `data[0].from`, which people read. */
export const dotted = (path: Path): string =>
  path.map((key, k) => (typeof key === "number" ? `[${key}]` : k === 0 ? key : `.${key}`)).join("");

interface At {
  schema: z.ZodType;
  value: unknown;
}

/** The schema and the value at a path, the form chosen by what the value is; null where the schema knows nothing there. */
export function atPath(schema: z.ZodType, value: unknown, path: Path): At | null {
  let at: At = { schema, value };
  for (const key of path) {
    const form = formFor(at.schema, at.value);
    if (form === null) return null;
    const found = inside(form, at.value).find(([name]) => name === key);
    if (found !== undefined) at = { schema: found[1], value: found[2] };
    else {
      const member = membersOf(form)?.[String(key)];
      if (member === undefined || !Object.hasOwn(membersOf(form) ?? {}, key)) return null;
      at = { schema: member, value: undefined };
    }
  }
  return at;
}

type Unknown = Pick<Found, "message" | "remedy" | "meant">;

function unknownKey(who: string, whole: z.ZodObject, parent: z.ZodType, path: Path, key: string): Unknown {
  const known = keysOf(parent);
  const group = path.length === 0 ? who : `“${dotted(path)}” of ${who.charAt(0).toLowerCase()}${who.slice(1)}`;
  const message = `${group} has no setting “${printable(key)}”`;
  const meant = MEANT.get(key.toLowerCase());
  const near = meant !== undefined && known.includes(meant) ? meant : nearest(key, known);
  if (near !== null) return { message, remedy: `Did you mean “${near}”?`, meant: dotted([...path, near]) };
  const others = path.length === 0 && whole.shape.verb !== undefined ? verbsWith(key) : [];
  if (others.length > 0) return { message, remedy: `It is a setting of ${others.join(", ")}. ${list(known)}` };
  return { message, remedy: list(known) };
}

const list = (known: readonly string[]) => `Known settings: ${known.join(", ")}.`;

const verbsWith = (key: string): Verb[] => VERB_NAMES.filter((verb) => Object.hasOwn(VERBS[verb].schema.shape, key));

/** Words that people bring along from other tools. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ["template", "prompts"],
  ["templates", "prompts"],
  ["prompt", "prompts"],
  ["count", "sample"],
  ["n", "samples"],
  ["lr", "learning_rate"],
  ["bs", "batch_size"],
  ["epoch", "epochs"],
  ["dataset", "data"],
  ["output", "outputs"],
  ["file", "from"],
  ["path", "from"],
  ["model", "base"],
  ["hostname", "ssh"],
  ["address", "ssh"],
  ["user", "ssh"],
  ["dir", "root"],
  ["filter", "where"],
  ["k", "top"],
  ["type", "verb"],
]);

/** What a value must be, in words. */
export function wantedOf(schema: z.ZodType, issue?: z.core.$ZodIssue): string {
  const words = [...new Set(formsOf(schema).map((form) => wordOf(form, issue)))];
  return words.length === 1 ? (words[0] as string) : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function wordOf(form: z.ZodType, issue?: z.core.$ZodIssue): string {
  if (form instanceof z.ZodEnum) return choice(form.options.map(String));
  if (form instanceof z.ZodLiteral) return [...form.values].map(String).join(" or ");
  switch (shapeOf(form)) {
    case "number":
      return numberWord(form as z.ZodNumber);
    case "flag":
      return "true or false";
    case "list":
      return form instanceof z.ZodTuple
        ? `a list of ${form.def.items.length} values`
        : issue?.code === "too_small"
          ? "a list that is not empty"
          : "a list";
    case "group":
      return "a group of settings";
    default:
      return issue?.code === "invalid_format" ? "one word" : issue?.code === "too_small" ? "text that is not empty" : "text";
  }
}

function numberWord(form: z.ZodNumber): string {
  const bound = (check: "greater_than" | "less_than", inclusive: boolean): number | undefined => {
    for (const { _zod } of form.def.checks ?? []) {
      const def = _zod.def as { check: string; value?: unknown; inclusive?: boolean };
      if (def.check === check && def.inclusive === inclusive && typeof def.value === "number") return def.value;
    }
    return undefined;
  };
  const what = form.isInt ? "a whole number" : "a number";
  const from = bound("greater_than", true);
  const above = bound("greater_than", false);
  const to = bound("less_than", true);
  const below = bound("less_than", false);
  if (from !== undefined && to !== undefined) return `${what} from ${from} to ${to}`;
  const low = from !== undefined ? `not below ${from}` : above !== undefined ? `above ${above}` : "";
  const high = to !== undefined ? `not above ${to}` : below !== undefined ? `below ${below}` : "";
  const bounds = [low, high].filter((bound) => bound !== "").join(" and ");
  return bounds === "" ? what : `${what} ${bounds}`;
}

const choice = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

function remedyOf(key: string, schema: z.ZodType, value: unknown): string {
  const forms = formsOf(schema);
  for (const form of forms)
    if (form instanceof z.ZodEnum && typeof value === "string") {
      const near = nearest(value, form.options.map(String));
      if (near !== null) return `Did you mean “${near}”?`;
    }
  const example = exampleOf(schema);
  if (example !== null && key !== "") return `Write ${key}: ${example}, for example.`;
  if (forms.some((form) => form instanceof z.ZodEnum)) return "Write one of these words, or leave the setting out.";
  switch (shapeOf(forms[0] as z.ZodType)) {
    case "number":
      return "Write the bare number, without quotes or units.";
    case "flag":
      return "Write true or false, or leave the setting out.";
    case "list":
      return "Write [ a, b ], or one item a line, each after “- ”.";
    case "group":
      return "Write { name: value }.";
    default:
      return "Write it as text; put it in quotes where it looks like a number.";
  }
}

const addRemedy = (path: Path, schema: z.ZodType | undefined): string => {
  const key = String(path.at(-1));
  const example = schema === undefined ? null : exampleOf(schema);
  return example === null ? `Add “${key}”.` : `Add ${key}: ${example}, for example.`;
};

/** An example of a value as it would stand in the file; null where the schema has none. */
export function exampleOf(schema: z.ZodType): string | null {
  const outer = bare(schema);
  const [example] = outer.examples.length > 0 ? outer.examples : formsOf(schema).flatMap((form) => bare(form).examples);
  return example === undefined ? null : flow(example);
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[ ${value.map(flow).join(", ")} ]`;
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${key}: ${flow(item)}`)
      .join(", ")} }`;
  return String(value);
}

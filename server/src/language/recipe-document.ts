import type { TextDocument } from "vscode-languageserver-textdocument";
import { type Document, isMap, isScalar, isSeq, type Pair, type Scalar } from "yaml";
import type * as z from "zod";
import { RECIPE_FILE } from "../project/root.ts";
import { hostSchema } from "../recipe/hosts.ts";
import { atPath } from "../recipe/issue-of-part.ts";
import { entriesOf, entryOf, keyOf } from "../recipe/nodes.ts";
import { parseYaml } from "../recipe/parse.ts";
import { readRecipe, type WholeRecipe } from "../recipe/read.ts";
import { recipeSchema } from "../recipe/recipe-schema.ts";
import type { Path } from "../recipe/roles.ts";
import { embeddedEndpoint, servedEndpoint } from "../recipe/schema.ts";
import { settingsOf } from "../recipe/steps.ts";
import { isVerb, VERB_NAMES, VERBS } from "../recipe/verbs.ts";

/** A recipe beyond this is no recipe; reading it at every keystroke would hold up everything else. Characters. */
export const MOST_CHARACTERS = 1_000_000;

/** An open recipe, read once for each of its versions. */
export interface RecipeDocument {
  source: string;
  yaml: Document.Parsed;
  recipe: WholeRecipe;
}

const read = new WeakMap<TextDocument, { version: number; document: RecipeDocument | null }>();

/** Null where the text is too large or too deep to be read. */
export function recipeDocument(document: TextDocument): RecipeDocument | null {
  const known = read.get(document);
  if (known?.version === document.version) return known.document;
  const source = document.getText();
  const yaml = source.length > MOST_CHARACTERS ? null : parseYaml(source);
  const made = yaml === null ? null : { source, yaml, recipe: readRecipe(source, RECIPE_FILE) };
  read.set(document, { version: document.version, document: made });
  return made;
}

/** What stands at a place of the text: a key or a value, and the keys that lead to it. */
export interface Located {
  path: Path;
  on: "key" | "value";
  node: Scalar;
}

/** The key or scalar value that fulfils the condition; null where there is none. Aliases are not followed. */
export function locate(root: unknown, wanted: (scalar: Scalar) => boolean, path: Path = []): Located | null {
  if (isScalar(root)) return wanted(root) ? { path, on: "value", node: root } : null;
  if (isSeq(root)) {
    for (const [k, item] of root.items.entries()) {
      const found = locate(item, wanted, [...path, k]);
      if (found !== null) return found;
    }
    return null;
  }
  if (!isMap(root)) return null;
  for (const pair of root.items) {
    const inner = [...path, keyOf(pair) ?? ""];
    if (isScalar(pair.key) && wanted(pair.key)) return { path: inner, on: "key", node: pair.key };
    const found = locate(pair.value, wanted, inner);
    if (found !== null) return found;
  }
  return null;
}

export const holds =
  (offset: number) =>
  ({ range }: Scalar): boolean =>
    range !== undefined && range !== null && range[0] <= offset && offset <= range[1] && range[0] < range[1];

/** Everything written, as plain values; nothing where an alias leads nowhere. */
export function valuesOf(yaml: Document.Parsed): unknown {
  try {
    return yaml.toJS();
  } catch {
    return {};
  }
}

/** What a value at a path has to be. `inStep`: the step that it stands in. */
export interface Expected {
  schema: z.ZodType;
  inStep: string | null;
}

/** What may stand at a path of the recipe; null where names are free or nothing is known. */
export function expectedAt(path: Path, values: unknown): Expected | null {
  const [part, name, ...rest] = path;
  if (path.length < 2) return within(recipeSchema, values, path, null);
  const value = member(member(values, part), name);
  if (part === "hosts") return within(hostSchema, value, rest, null);
  if (part === "endpoints") return within(member(value, "embedded") === true ? embeddedEndpoint : servedEndpoint, value, rest, null);
  if (part !== "steps") return null;
  const verb = member(value, "verb");
  if (isVerb(verb)) return within(settingsOf(verb), value, rest, String(name));
  // Without a verb nothing but the verb is known.
  return within(settingsOf(VERB_NAMES[0] as (typeof VERB_NAMES)[number]).pick({ verb: true }), value, rest, String(name));
}

function within(schema: z.ZodType, value: unknown, path: Path, inStep: string | null): Expected | null {
  const at = atPath(schema, value, path);
  return at === null ? null : { schema: at.schema, inStep };
}

const member = (value: unknown, key: string | number | undefined): unknown =>
  typeof value === "object" && value !== null && key !== undefined && Object.hasOwn(value, key)
    ? (value as Record<string | number, unknown>)[key]
    : undefined;

/** The entries of a part, by which the steps, hosts or endpoints are declared. */
export const declaredEntries = ({ yaml }: Pick<RecipeDocument, "yaml">, part: string): Pair[] =>
  entriesOf(yaml, entryOf(yaml, yaml.contents, part)?.value);

/** What a verb does, in a sentence. */
export const verbWords = (verb: keyof typeof VERBS): string => VERBS[verb].schema.shape.verb.description ?? "";

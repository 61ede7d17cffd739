import { Document, isMap, isNode, isScalar, type Pair, parseDocument, YAMLMap } from "yaml";
import { AppError, fail } from "#protocol/errors.ts";
import type { NewEndpoint } from "#protocol/messages/endpoints.ts";
import { parseRecipe } from "./parse.ts";
import { placeOf } from "./place.ts";
import { NAME } from "./schema.ts";

export interface AddedEndpoint {
  /** The whole new text. */
  source: string;
  /** Line of the new endpoint, from 1. */
  line: number;
  /** What was replaced, by UTF-16 offsets of the old text. */
  edit: { start: number; end: number; text: string };
}

/** The first line of a recipe that is made with its first endpoint. */
const HEAD = "# The recipe of this project: the models that it may ask.\n";

/**
 * Adds an endpoint to the text of a recipe. Only the new lines are put in, so that everything else stays as it was written, and the
 * result is read again: the endpoint is in it, and every other is what it was.
 * @param file the file's name as it shall stand in problems
 * @throws usage/invalid-argument where the name is taken or is no name, project/invalid-yaml where old text or new endpoint are not valid
 */
export function addEndpoint(source: string, endpoint: NewEndpoint, file: string): AddedEndpoint {
  if (!NAME.test(endpoint.name))
    throw fail("usage/invalid-argument", `“${endpoint.name}” cannot be the name of an endpoint`, {
      remedy: "Use letters, digits, “-”, “_” and “.”, beginning with a letter or digit.",
    });
  const before = parseRecipe(source, file);
  const document = parseDocument(source, { prettyErrors: false, merge: true });
  const [broken] = before.problems;
  if ((document.errors.length > 0 || document.warnings.length > 0) && broken !== undefined)
    throw new AppError({ ...broken, remedy: `${broken.remedy ?? "Mend it."} Then add the endpoint again.` });
  const edit = place(source, document, endpoint, file);
  const next = source.slice(0, edit.start) + edit.text + source.slice(edit.end);
  const after = parseRecipe(next, file);
  const known = new Set(before.problems.map(({ message }) => message));
  const wrong = after.problems.find(({ message }) => !known.has(message));
  if (wrong !== undefined) throw new AppError({ ...wrong, where: { file } });
  const same = [...before.endpoints].every(([name, declared]) => JSON.stringify(after.endpoints.get(name)) === JSON.stringify(declared));
  if (!same || !after.endpoints.has(endpoint.name)) throw byHand(file, endpoint.name);
  return { source: next, edit, line: after.lines.get(endpoint.name) ?? 1 };
}

function place(source: string, { contents }: Document.Parsed, endpoint: NewEndpoint, file: string): AddedEndpoint["edit"] {
  const newline = /\r?\n/.exec(source)?.[0] ?? "\n";
  const block = (indent: string) => lines(endpoint, indent, newline);
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    const head = source.trim() === "" ? HEAD.replace("\n", newline) : "";
    return atEnd(source, newline, `${head}endpoints:${newline}${block("  ")}`);
  }
  if (!isMap(contents) || contents.flow === true) throw byHand(file, endpoint.name);
  const part = (contents as YAMLMap).items.find((pair) => nameOf(pair) === "endpoints");
  if (part === undefined) return atEnd(source, newline, `endpoints:${newline}${block("  ")}`);
  const { value } = part;
  const afterKey = isNode(part.key) ? (part.key.range?.[1] ?? 0) : 0;
  if (!isMap(value)) {
    if (!isScalar(value) || value.value !== null) throw byHand(file, endpoint.name);
    const [start, end] = value.range ?? [afterKey, afterKey];
    if (source.slice(start, end).trim() !== "") return { start: afterKey + 1, end, text: `${newline}${block("  ").trimEnd()}` };
    return below(source, afterKey, newline, block("  "));
  }
  const taken = (value as YAMLMap).items.find((pair) => nameOf(pair) === endpoint.name);
  if (taken !== undefined)
    throw fail("usage/invalid-argument", `There is an endpoint “${endpoint.name}” already`, {
      where: placeOf(file, source, isNode(taken.key) ? (taken.key.range?.[0] ?? 0) : 0),
      remedy: "Choose another name, or change that one in the file.",
    });
  const [start, end] = value.range ?? [afterKey, afterKey];
  const last = value.items.at(-1);
  if (value.flow === true) {
    if (last === undefined) return { start: afterKey + 1, end, text: `${newline}${block("  ").trimEnd()}` };
    const at = endOf(last, start);
    return { start: at, end: at, text: `, ${flow(endpoint)}` };
  }
  const first = value.items[0]?.key;
  const column = isNode(first) ? columnOf(source, first.range?.[0] ?? start) : 2;
  return below(source, endOf(last, start), newline, block(" ".repeat(column)));
}

/** New lines below the line in which something ends. */
function below(source: string, end: number, newline: string, text: string): AddedEndpoint["edit"] {
  const written = source.slice(0, end).trimEnd().length;
  const feed = source.indexOf("\n", Math.max(written, end === 0 ? 0 : written));
  if (feed === -1) return { start: source.length, end: source.length, text: newline + text };
  return { start: feed + 1, end: feed + 1, text };
}

function atEnd(source: string, newline: string, text: string): AddedEndpoint["edit"] {
  const open = source === "" || source.endsWith("\n") ? "" : newline;
  const gap = source.trim() === "" ? "" : newline;
  return { start: source.length, end: source.length, text: `${open}${gap}${text}` };
}

function endOf(pair: Pair | undefined, otherwise: number): number {
  const node = isNode(pair?.value) ? pair.value : pair?.key;
  return isNode(node) ? (node.range?.[1] ?? otherwise) : otherwise;
}

const columnOf = (source: string, offset: number): number => offset - (source.lastIndexOf("\n", offset - 1) + 1);

const nameOf = (pair: Pair): string | null => (isScalar(pair.key) ? String(pair.key.value) : null);

/** The declaration as lines with an indentation, in the order in which people write it. */
function lines(endpoint: NewEndpoint, indent: string, newline: string): string {
  const document = declaration(endpoint);
  const settings = (document.contents as YAMLMap).items[0]?.value;
  if (settings instanceof YAMLMap) settings.flow = endpoint.embedded;
  const text = document.toString({ lineWidth: 0 }).trimEnd();
  return `${text
    .split("\n")
    .map((line) => `${indent}${line}`)
    .join(newline)}${newline}`;
}

/** The declaration as one entry between braces. */
function flow(endpoint: NewEndpoint): string {
  const document = declaration(endpoint);
  (document.contents as YAMLMap).flow = true;
  return document.toString({ lineWidth: 0 }).trim().slice(1, -1).replace(/\s+/g, " ").trim();
}

function declaration({ name, base_url, model, embedded, secret }: NewEndpoint): Document {
  const settings = embedded
    ? { embedded: true, ...(model === null ? {} : { model_file: model }) }
    : { ...(base_url === null ? {} : { base_url }), ...(model === null ? {} : { model }) };
  const document = new Document({ [name]: settings });
  if (!embedded && secret !== null) {
    const key = document.createNode({ secret }, { flow: true });
    document.setIn([name, "api_key"], key);
  }
  return document;
}

const byHand = (file: string, name: string): AppError =>
  fail(
    "project/invalid-yaml",
    `“${name}” cannot be put into this recipe: its endpoints are written in a form that is not changed by program`,
    {
      where: { file },
      remedy: "Write it below “endpoints:” by hand.",
    },
  );

import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, visit, type YAMLMap } from "yaml";
import type { Span } from "#protocol/template.ts";
import { quoted } from "../words/suggest.ts";
import type { Report } from "./report.ts";
import { isMap as isPlainMap } from "./values.ts";

/** Larger front matter is refused: it configures a prompt, and reading YAML costs a hundred times what reading text does. */
export const FRONT_MATTER_MAX_CHARACTERS = 128 * 1024;

export interface FrontMatter {
  /** From the first delimiter to the end of the second one; empty where the template has none. */
  span: Span;
  /** What stands between the delimiters. */
  yaml: Span;
  /** The YAML tree with its positions; its ranges count from `yaml.start`. Null where there is none or it is unreadable. */
  document: Document | null;
  /** The members as plain data, as far as the YAML can be understood. */
  data: Record<string, unknown>;
}

/** The span of the value at a path of member names and list indices, or of its nearest ancestor that exists. */
export type Locate = (path: readonly (string | number)[]) => Span;

const QUOTE = "Correct the YAML here; put text that holds “: ” or “ #”, or begins with one of [ { * & ! % @ `, in quotes.";

const TWICE = "Remove or rename one of the two.";

/** Reads the front matter of a template and finds where the body begins. Half-typed YAML gives what can be understood of it. */
export function readFrontMatter(source: string, report: Report): { frontMatter: FrontMatter; bodyStart: number } {
  const split = splitFrontMatter(source, report);
  if (split === null) {
    const none = { start: 0, end: 0 };
    return { frontMatter: { span: none, yaml: none, document: null, data: {} }, bodyStart: source.charCodeAt(0) === 0xfeff ? 1 : 0 };
  }
  const { span, yaml, bodyStart } = split;
  if (yaml.end - yaml.start > FRONT_MATTER_MAX_CHARACTERS) {
    const message = `The front matter has more than ${FRONT_MATTER_MAX_CHARACTERS / 1024} K characters`;
    report.error(span, message, "Move long texts into the body or into the seeds.", "template/too-large");
    return { frontMatter: { span, yaml, document: null, data: {} }, bodyStart };
  }
  try {
    const document = parseDocument(source.slice(yaml.start, yaml.end), { prettyErrors: false, uniqueKeys: false, logLevel: "silent" });
    for (const { pos, message } of document.errors) {
      const at = { start: yaml.start + pos[0], end: yaml.start + Math.max(pos[1], pos[0]) };
      report.error(at, `Invalid frontmatter YAML: ${reasonOf(message)}`, QUOTE);
    }
    checkKeys(document, yaml.start, report);
    const data: unknown = document.toJS();
    if (!isPlainMap(data) && data !== null && document.errors.length === 0)
      report.error(yaml, "Invalid frontmatter YAML: it must be a mapping of members", "Write “name: …” and the other members, one a line.");
    return { frontMatter: { span, yaml, document, data: isPlainMap(data) ? data : {} }, bodyStart };
  } catch (thrown) {
    // The YAML package recurses, so absurd nesting or an alias bomb ends in an exception.
    report.error(yaml, `Invalid frontmatter YAML: ${reasonOf(thrown instanceof Error ? thrown.message : String(thrown))}`, QUOTE);
    return { frontMatter: { span, yaml, document: null, data: {} }, bodyStart };
  }
}

/** The package's own words, but for what an exhausted stack makes of them. */
function reasonOf(message: string): string {
  if (/call stack|^Invalid regular expression/.test(message)) return "it is nested too deeply";
  return (message.split("\n", 1)[0] ?? "").slice(0, 200);
}

/** A delimiter line: `---` or `+++` alone, trailing white space allowed. */
function isDelimiter(source: string, start: number, end: number): boolean {
  const mark = source.slice(start, start + 3);
  return (mark === "---" || mark === "+++") && source.slice(start + 3, end).trim() === "";
}

function splitFrontMatter(source: string, report: Report): { span: Span; yaml: Span; bodyStart: number } | null {
  // In JavaScript, \s covers the byte order mark.
  const open = /^\s*/.exec(source)?.[0].length ?? 0;
  const mark = source.slice(open, open + 3);
  if (mark !== "---" && mark !== "+++") return null;
  const delimiter = { start: open, end: open + 3 };
  const firstEnd = lineEnd(source, open);
  if (!isDelimiter(source, open, firstEnd)) {
    report.error(delimiter, `Malformed front matter: “${mark}” must stand alone on its line`, "Put what follows on the next line.");
    return null;
  }
  const yamlStart = Math.min(firstEnd + 1, source.length);
  let bodyGuess = -1;
  for (let at = yamlStart; at < source.length; ) {
    const end = lineEnd(source, at);
    if (isDelimiter(source, at, end))
      return { span: { start: open, end: at + 3 }, yaml: { start: yamlStart, end: at }, bodyStart: Math.min(end + 1, source.length) };
    if (bodyGuess === -1 && /^(?:system|user|assistant|developer):\s*$/i.test(source.slice(at, Math.min(end, at + 40)))) bodyGuess = at;
    at = end + 1;
  }
  report.error(delimiter, "Malformed front matter: it is not closed", `Put a line “${mark}” between the front matter and the body.`);
  const end = bodyGuess === -1 ? source.length : bodyGuess;
  return { span: { start: open, end }, yaml: { start: yamlStart, end }, bodyStart: end };
}

function lineEnd(source: string, at: number): number {
  const end = source.indexOf("\n", at);
  return end === -1 ? source.length : end;
}

/**
 * Finds members that occur twice, and takes out those whose name is a list or a map. The package could do the first, but
 * compares each key with each other one; and turning nested keys into data takes it exponential time.
 */
function checkKeys(document: Document, offset: number, report: Report): void {
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      map.items = map.items.filter(({ key }) => {
        const span = rangeOf(key, offset) ?? { start: offset, end: offset };
        if (key !== null && !isScalar(key)) {
          report.error(span, "Invalid frontmatter YAML: the name of a member must be a plain word", QUOTE);
          return false;
        }
        const name = key?.value;
        if (seen.has(name)) report.error(span, `Invalid frontmatter YAML: the member ${quoted(String(name))} occurs twice`, TWICE);
        seen.add(name);
        return true;
      });
    },
  });
}

/** A `Locate` over the front matter. It indexes a map on its first visit, so that a thousand findings in one map stay cheap. */
export function createLocate({ document, yaml, span }: FrontMatter): Locate {
  const indexes = new WeakMap<YAMLMap, Map<string, Pair>>();
  const pairOf = (map: YAMLMap, name: string): Pair | undefined => {
    let index = indexes.get(map);
    if (index === undefined) {
      index = new Map();
      for (const pair of map.items) if (isScalar(pair.key)) index.set(String(pair.key.value), pair);
      indexes.set(map, index);
    }
    return index.get(name);
  };
  return (path) => {
    let found: Span = span;
    let node: unknown = document?.contents;
    for (const step of path) {
      if (isAlias(node) && document !== null) node = node.resolve(document);
      if (isMap(node)) {
        const pair = pairOf(node, String(step));
        if (pair === undefined) return found;
        const key = rangeOf(pair.key, yaml.start);
        const value = rangeOf(pair.value, yaml.start);
        found = value !== null && value.end > value.start ? value : (key ?? found);
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        found = rangeOf(node, yaml.start) ?? found;
      } else return found;
    }
    return found;
  };
}

function rangeOf(node: unknown, offset: number): Span | null {
  const range = (node as Node | null | undefined)?.range;
  return range ? { start: offset + range[0], end: offset + range[1] } : null;
}

/** Where each entry of a list of named members (`- name: x`) or of a map (`x: …`) has its name. */
export function nameSpans({ document, yaml }: FrontMatter, member: string): Map<string, Span> {
  const spans = new Map<string, Span>();
  const node = isMap(document?.contents) ? document.contents.get(member, true) : undefined;
  const note = (name: unknown): void => {
    const span = rangeOf(name, yaml.start);
    if (isScalar(name) && span !== null) spans.set(String(name.value), span);
  };
  if (isMap(node)) for (const pair of node.items) note(pair.key);
  if (isSeq(node)) for (const item of node.items) if (isMap(item)) note(item.get("name", true));
  return spans;
}

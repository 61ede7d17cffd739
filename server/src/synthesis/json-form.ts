import { fencedBlocks } from "./program.ts";
import { isRecord } from "./reply-text.ts";

/**
 * The JSON value in a response: the whole text, the content of a fence, or the first balanced object or array in it.
 * Undefined where there is none. LaTeX in strings is often written with single backslashes; that is mended.
 */
export function findJson(text: string): unknown {
  const candidates = [text, ...fencedBlocks(text).map((block) => block.text)];
  for (const candidate of candidates) {
    const value = parseLoose(candidate.trim());
    if (isRecord(value) || Array.isArray(value)) return value;
  }
  let tries = 0;
  for (let at = nextOpening(text, 0); at >= 0 && tries < 20; at = nextOpening(text, at + 1), tries++) {
    const end = balancedEnd(text, at);
    if (end < 0) continue;
    const value = parseLoose(text.slice(at, end));
    if ((isRecord(value) && Object.keys(value).length > 0) || (Array.isArray(value) && value.some(isRecord))) return value;
  }
  return undefined;
}

/** Objects in a value that may be problems: itself, the items of a list, or the items of a list that it holds. */
export function recordsIn(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.filter(isRecord);
  if (!isRecord(value)) return [];
  const list = Object.values(value).find((member) => Array.isArray(member) && member.length > 0 && member.every(isRecord));
  return Array.isArray(list) ? [value, ...list.filter(isRecord)] : [value];
}

/** A member by name, any case; numbers and lists of steps become text. */
export function fieldText(record: Record<string, unknown>, name: string): string | null {
  const key = Object.keys(record).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  const value = key === undefined ? undefined : record[key];
  if (typeof value === "string") return restoreCommands(value).trim();
  if (typeof value === "number") return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return restoreCommands(value.join("\n")).trim();
  return null;
}

function parseLoose(text: string): unknown {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // `\(`, `\sqrt` and a raw newline are no JSON escapes: doubling the backslash and escaping the newline keeps what was meant.
    const mended = text.replace(/\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)/g, (whole, good) => (good === undefined ? "\\\\" : whole));
    try {
      return JSON.parse(escapeNewlinesInStrings(mended));
    } catch {
      return undefined;
    }
  }
}

function escapeNewlinesInStrings(text: string): string {
  return text.replace(/"(?:[^"\\]|\\[\s\S])*"/g, (string) => string.replace(/\r?\n/g, "\\n").replace(/\t/g, "\\t"));
}

/**
 * `"\frac"` and `"\times"` are valid JSON and mean a form feed or a tab in front of letters, which nobody writes into a
 * problem: the LaTeX command is put back. A newline is put back only before the rest of a well-known command.
 */
function restoreCommands(value: string): string {
  return value
    .replace(/\f/g, "\\f")
    .replace(/[\b]/g, "\\b")
    .replace(/\t(?=[a-z])/g, "\\t")
    .replace(/\r(?=[a-z])/g, "\\r")
    .replace(/\n(?=(?:eq|abla|otin|leq|geq|parallel)(?![a-z]))/g, "\\n");
}

function nextOpening(text: string, from: number): number {
  for (let at = from; at < text.length; at++) if (text[at] === "{" || text[at] === "[") return at;
  return -1;
}

/** Offset behind the bracket that closes the one at `start`; brackets in strings do not count. -1 where it stays open. */
function balancedEnd(text: string, start: number): number {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

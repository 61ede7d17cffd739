import type { Role, Segment } from "#protocol/template.ts";

/** Roles that a marker can open. Messages of the role `tool` come from threads only (specification, section 6.2). */
export const MARKER_ROLES = ["system", "developer", "user", "assistant"] as const satisfies readonly Role[];

/** A line such as `user:` or `# user[name="Ann"]:`, by its range in the text, line break included. */
export interface Marker {
  start: number;
  end: number;
  role: Role;
  metadata: Record<string, unknown>;
}

/** A line that stands in the template as it is written, without any value in it. */
export type SeeLine = (start: number, end: number) => void;

type Piece = Pick<Segment, "kind" | "text">;

/**
 * Walks through the lines that consist of literal text only. Values are opaque: a line with a value in it is never seen,
 * even where the value is empty, and a line break inside a value begins no line. So no value can make or unmake a marker.
 */
export function eachLiteralLine(pieces: readonly Piece[], see: SeeLine): void {
  let lineStart = 0;
  let literal = true;
  let offset = 0;
  for (const { kind, text } of pieces) {
    if (kind !== "literal") literal = false;
    else
      for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
        if (literal) see(lineStart, offset + at);
        lineStart = offset + at + 1;
        literal = true;
      }
    offset += text.length;
  }
  if (literal) see(lineStart, offset);
}

/** The role markers of a rendering, in order. `text` is the text of all pieces. */
export function findMarkers(text: string, pieces: readonly Piece[]): Marker[] {
  const markers: Marker[] = [];
  eachLiteralLine(pieces, (start, end) => {
    if (!endsWithColon(text, start, end)) return;
    const read = readMarker(text.slice(start, end));
    if (read !== null) markers.push({ start, end: Math.min(end + 1, text.length), ...read });
  });
  return markers;
}

/** Looks at the end of a line first, because nearly no line of a prompt ends with a colon. */
export function endsWithColon(text: string, start: number, end: number): boolean {
  let last = end - 1;
  while (last >= start && isBlank(text.charCodeAt(last))) last--;
  return last >= start && text[last] === ":";
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

/** What the line would be if it were a role marker: its first word and the attributes in brackets. */
export function splitMarker(line: string): { word: string; attributes: string | null } | null {
  const trimmed = line.trim();
  if (!trimmed.endsWith(":")) return null;
  const body = (trimmed.startsWith("#") ? trimmed.slice(1) : trimmed).slice(0, -1).trim();
  const word = /^[A-Za-z]\w*/.exec(body)?.[0];
  if (word === undefined) return null;
  const rest = body.slice(word.length).trimStart();
  if (rest === "") return { word, attributes: null };
  return rest.startsWith("[") && rest.endsWith("]") ? { word, attributes: rest.slice(1, -1) } : null;
}

function readMarker(line: string): { role: Role; metadata: Record<string, unknown> } | null {
  const split = splitMarker(line);
  if (split === null) return null;
  const role = MARKER_ROLES.find((known) => known === split.word.toLowerCase());
  if (role === undefined) return null;
  if (split.attributes === null) return { role, metadata: {} };
  const metadata = readAttributes(split.attributes);
  return metadata === null ? null : { role, metadata };
}

const ATTRIBUTE = /\s*(\w+)\s*=\s*(?:"([^"]*)"|([^",\s]*))\s*(,|$)/y;

/** `name="Ann", id=7` as data: quoted values are text, unquoted numbers are numbers. Null when it is not such a list. */
function readAttributes(text: string): Record<string, unknown> | null {
  const entries: [string, unknown][] = [];
  ATTRIBUTE.lastIndex = 0;
  while (ATTRIBUTE.lastIndex < text.length || entries.length === 0) {
    const match = ATTRIBUTE.exec(text);
    if (match === null) return null;
    const [, name = "", inQuotes, bare = ""] = match;
    entries.push([name, inQuotes ?? (/^-?\d+(?:\.\d+)?$/.test(bare) ? Number(bare) : bare)]);
  }
  return Object.fromEntries(entries);
}

/** Whether a value of a strict input looks as if it opened a message (subset, decision 11). */
export function forgesMarker(text: string): boolean {
  return /^[^\S\r\n]*(?:system|user|assistant|developer)[^\S\r\n]*:/im.test(text);
}

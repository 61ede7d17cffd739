import { createHash } from "node:crypto";
import type { ContentPart, Message, Role } from "#protocol/template.ts";
import { isMap } from "./values.ts";

const ROLES: readonly string[] = ["system", "developer", "user", "assistant", "tool"] satisfies Role[];

/** Members that the messages of a thread may bring to the wire; any other is dropped, so that a value adds no wire field. */
const THREAD_METADATA = ["name", "tool_call_id", "tool_calls"];

/**
 * The placeholder of a rich value in rendered text (specification, section 5.3). Messages are built from segments and never
 * by searching for it, so it needs to be recognisable only, not secret: it is derived from the name, and rendering stays
 * deterministic.
 */
export function placeholder(name: string): string {
  return `__PROMPTY_THREAD_${createHash("sha256").update(name).digest("hex").slice(0, 8)}_${name}__`;
}

export const PLACEHOLDER = /__PROMPTY_THREAD_[a-f0-9]{8,16}_(\w+?)__/g;

/** The value of a `thread` input as messages, or the reason why it is none. */
export function readThread(value: unknown): { messages: Message[] } | { reason: string } {
  const list = isMap(value) && Array.isArray(value.messages) ? value.messages : value;
  if (!Array.isArray(list)) return { reason: "it is not a list of messages" };
  const messages: Message[] = [];
  for (const [i, item] of list.entries()) {
    if (!isMap(item)) return { reason: `message ${i + 1} is not a map with “role” and “content”` };
    if (typeof item.role !== "string" || !ROLES.includes(item.role)) return { reason: `message ${i + 1} has no known role` };
    const content = readContent(item.content);
    if (content === null) return { reason: `message ${i + 1} has no content` };
    const given = isMap(item.metadata) ? item.metadata : {};
    const metadata = Object.fromEntries(Object.entries(given).filter(([name]) => THREAD_METADATA.includes(name)));
    messages.push({ role: item.role as Role, content, ...(Object.keys(metadata).length === 0 ? {} : { metadata }) });
  }
  return { messages };
}

function readContent(content: unknown): ContentPart[] | null {
  if (typeof content === "string") return [{ kind: "text", value: content }];
  if (!Array.isArray(content)) return null;
  const parts: ContentPart[] = [];
  for (const item of content) {
    const part = isMap(item) ? readPart(String(item.kind), item) : null;
    if (part === null) return null;
    parts.push(part);
  }
  return parts;
}

/** A part of a message from `{ value | source, mediaType }` or from a bare URL or data. */
export function readPart(kind: string, value: unknown): ContentPart | null {
  if (kind !== "text" && kind !== "image" && kind !== "file" && kind !== "audio") return null;
  if (typeof value === "string") return { kind, value };
  if (!isMap(value)) return null;
  const text = value.value ?? value.source;
  if (typeof text !== "string") return null;
  return { kind, value: text, ...(typeof value.mediaType === "string" ? { mediaType: value.mediaType } : {}) };
}

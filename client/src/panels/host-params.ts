import { HOST_REQUESTS, type HostRequests } from "#protocol/panels.ts";

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const bool: Check = (value) => typeof value === "boolean";
const place: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const line: Check = (value) => place(value) && (value as number) >= 1;
const bytes: Check = (value) => value instanceof Uint8Array;
const list: Check = (value) => Array.isArray(value);
const named: Check = (value) => text(value) && value !== "";
const row: Check = (value) => text(value) && /^[0-9a-f]{24}$/.test(value as string);
const path: Check = (value) => named(value) && !(value as string).includes("\0");

const oneOf =
  (...values: string[]): Check =>
  (value) =>
    values.includes(value as string);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
/** An object with these members; others are nobody's. */
const object =
  (members: Record<string, Check>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(members).every(([name, check]) => check((value as Record<string, unknown>)[name]));
const either =
  (...checks: Check[]): Check =>
  (value) =>
    checks.some((check) => check(value));

const span = { start: place, end: place };
const pick = either(
  object({ how: oneOf("first", "random", "longest") }),
  object({ how: oneOf("next", "previous"), from: row }),
  object({ how: oneOf("at"), at: line }),
  object({ how: oneOf("id"), id: row }),
);

/** What the host itself takes from a webview. What it passes on to the server is checked there. */
const CHECKS: Record<keyof HostRequests, Check> = {
  "host/open": object({ file: path, line: orNull(line), span: optional(orNull(object(span))) }),
  "host/reveal": object(span),
  "host/openRow": object({ id: row, mode: oneOf("read", "edit") }),
  "host/compare": object({ left: row, right: row }),
  "host/copy": object({ text }),
  "host/document": object({ text, language: named }),
  "host/import": object({ dataset: orNull(named) }),
  "host/drop": object({ dataset: orNull(named), file: either(object({ name: text, bytes }), object({ uri: named })) }),
  "host/export": object({ dataset: named, where: list, search: optional(text) }),
  "host/command": object({ command: named, args: optional(list) }),
  "host/copyRequest": object({ what: oneOf("body", "curl") }),
  "preview/choose": object({
    pick: optional(pick),
    dataset: optional(orNull(named)),
    endpoint: optional(orNull(named)),
    pinned: optional(bool),
  }),
  "preview/generate": object({ run: named, count: line }),
  "preview/stop": object({ run: named }),
};

/** Whether a webview's request of the host has the shape that its handler expects. */
export const fitsHostRequest = <K extends keyof HostRequests>(name: K, params: unknown): params is HostRequests[K]["params"] =>
  CHECKS[name](params);

export const isHostRequest = (method: string): method is keyof HostRequests => (HOST_REQUESTS as readonly string[]).includes(method);

import { parse as parseYaml } from "yaml";
import { quoted } from "../words/suggest.ts";
import type { Locate } from "./front-matter.ts";
import type { Report } from "./report.ts";
import { isMap } from "./values.ts";

export interface ReferenceSources {
  /** Where `${env:NAME}` looks. Absent: such references stay as they are written. */
  env?: Record<string, string | undefined>;
  /**
   * Reads a file for `${file:path}`. The path is relative to the template, with forward slashes, and never leaves the
   * template's folder by its text; the reader must refuse symbolic links that do. Null where there is no such file.
   * Absent: such references stay as they are written.
   */
  readFile?: (path: string) => string | null;
}

type Path = readonly (string | number)[];

interface Resolving extends ReferenceSources {
  report: Report;
  locate: Locate;
}

/** Resolves the `${env:…}` and `${file:…}` references in all strings of the front matter (specification, section 2.11). */
export function resolveReferences(
  data: Record<string, unknown>,
  sources: ReferenceSources,
  report: Report,
  locate: Locate,
): Record<string, unknown> {
  if (sources.env === undefined && sources.readFile === undefined) return data;
  return resolve(data, [], { ...sources, report, locate }) as Record<string, unknown>;
}

function resolve(value: unknown, path: Path, resolving: Resolving): unknown {
  if (typeof value === "string") return resolveString(value, path, resolving);
  if (Array.isArray(value)) return value.map((item, i) => resolve(item, [...path, i], resolving));
  // Object.fromEntries defines members, so that one called __proto__ stays an ordinary member.
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, [...path, key], resolving)]));
  return value;
}

function resolveString(text: string, path: Path, resolving: Resolving): unknown {
  if (!text.startsWith("${") || !text.endsWith("}")) return text;
  const colon = text.indexOf(":");
  if (colon === -1) return text;
  const protocol = text.slice(2, colon).toLowerCase();
  const content = text.slice(colon + 1, -1);
  if (protocol === "env" && resolving.env !== undefined) return resolveEnv(text, content, path, resolving.env, resolving);
  if (protocol === "file" && resolving.readFile !== undefined) return resolveFile(text, content, path, resolving.readFile, resolving);
  return text;
}

function resolveEnv(
  text: string,
  content: string,
  path: Path,
  env: Record<string, string | undefined>,
  { report, locate }: Resolving,
): unknown {
  const colon = content.indexOf(":");
  const name = colon === -1 ? content : content.slice(0, colon);
  const fallback = colon === -1 ? "" : content.slice(colon + 1);
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value !== undefined) return value;
  if (fallback !== "") return fallback;
  const remedy = `Set ${name}, or give a default: \${env:${name}:default}.`;
  report.error(locate(path), `Environment variable '${name}' not set`, remedy, "template/invalid", { variable: name });
  return text;
}

function resolveFile(
  text: string,
  content: string,
  path: Path,
  readFile: (path: string) => string | null,
  { report, locate }: Resolving,
): unknown {
  const file = containedPath(content);
  if (file === null) {
    const message = `The referenced file '${content}' resolves outside allowed roots`;
    report.error(locate(path), message, "Put the file beside the template, or in a folder below it.");
    return text;
  }
  try {
    const found = readFile(file);
    if (found === null) {
      const remedy = "Create the file, or correct the path; it counts from the template's folder.";
      report.error(locate(path), `Referenced file not found: ${content}`, remedy, "template/unreadable", { file });
      return text;
    }
    return parseFile(file, found);
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    report.error(
      locate(path),
      `The referenced file ${quoted(content)} cannot be read: ${reason}`,
      "Correct the file or the reference.",
      "template/unreadable",
      {
        file,
      },
    );
    return text;
  }
}

function parseFile(file: string, text: string): unknown {
  const plain = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (/\.json$/i.test(file)) return JSON.parse(plain);
  if (/\.ya?ml$/i.test(file)) return parseYaml(plain);
  return plain;
}

/** The path with `.` and inner `..` worked out, or null when it is absolute or leaves the folder. Backslashes count as separators everywhere. */
function containedPath(path: string): string | null {
  const parts: string[] = [];
  const slashed = path.replaceAll("\\", "/");
  if (slashed === "" || slashed.startsWith("/") || /^[a-z]+:/i.test(slashed) || slashed.includes("\0")) return null;
  for (const part of slashed.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.length === 0 ? null : parts.join("/");
}

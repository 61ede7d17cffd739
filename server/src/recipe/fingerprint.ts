import { createHash } from "node:crypto";
import type * as z from "zod";
import { parseWhere } from "../corpus/where.ts";
import { canonicalJson } from "../requests/canonical-json.ts";
import { dotted } from "./issue-of-part.ts";
import { bare, formFor, formsOf, inside, membersOf, type Path, type Role } from "./roles.ts";
import { type Step, settingsOf, stepName } from "./steps.ts";

/** What the recipe's files and endpoints are at present. Whoever asks for a fingerprint has looked. */
export interface Contents {
  /**
   * By path or pattern, as it is written: the files that it means, by their paths relative to the project, with the sha256 of each. None: it
   * means nothing that is there.
   */
  files: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** By the name of an endpoint: the identity of its model (design, section 3). */
  models: ReadonlyMap<string, string>;
}

/** Everything that a result is made of. Kept with the result, it tells later what has changed since. */
export interface Makeup {
  verb: string;
  version: number;
  /** The settings that can change the result, without those that say what holds by default. Files, inputs and models are in it by their content, and files by their paths too where those decide something. */
  arguments: unknown;
  /** By the place of the argument: the files that it meant. */
  files: Record<string, Record<string, string>>;
  /** By the place of the argument: the step that it used, and its revision. */
  inputs: Record<string, { step: string; revision: string }>;
}

/** What is not there to be hashed. */
export interface Missing {
  argument: string;
  kind: "file" | "model" | "revision";
  /** The path, endpoint or step. */
  name: string;
}

/** Names that stand for a content within `arguments`; no setting of a recipe begins so. */
export const FILES = "$files";
export const REVISION = "$revision";
export const MODEL = "$model";

/**
 * What a step's result would be made of now.
 * @param revisions by the name of a step: the revision of its result
 * @param version of the verb
 */
export function makeupOf(
  step: Step,
  contents: Contents,
  revisions: ReadonlyMap<string, string>,
  version: number,
): { makeup: Makeup; missing: Missing[] } {
  const makeup: Makeup = { verb: step.verb, version, arguments: {}, files: {}, inputs: {} };
  const missing: Missing[] = [];

  const filesOf = (text: string, path: Path, named: boolean, optional: boolean): unknown => {
    const argument = dotted(path);
    const found = contents.files.get(text);
    if (found === undefined || Object.keys(found).length === 0) {
      if (!optional) missing.push({ argument, kind: "file", name: text });
      return text;
    }
    makeup.files[argument] = { ...found };
    const sorted = Object.entries(found).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return { [FILES]: sha256(canonicalJson(named ? sorted : sorted.map(([, hash]) => hash))) };
  };

  const contentOf = (role: Role, text: string, path: Path, group: Group | null): unknown => {
    const argument = dotted(path);
    switch (role.is) {
      case "files":
        return filesOf(text, path, role.names === true || (typeof role.names === "string" && group?.[role.names] === undefined), false);
      case "templates":
        // Which template a seed meets is drawn by their paths.
        return filesOf(text, path, true, false);
      case "endpoint": {
        const model = contents.models.get(text);
        if (model === undefined) missing.push({ argument, kind: "model", name: text });
        return { [MODEL]: model ?? null };
      }
      case "where":
        return conditions(text);
      case "input": {
        const name = stepName(text);
        // A command of the user's can see what its files are called.
        if (name === null)
          return filesOf(text, path, step.verb === "run", role.kinds.includes("model") && role.kinds.length === 1 && !isLocal(text));
        const revision = revisions.get(name);
        if (revision === undefined) missing.push({ argument, kind: "revision", name });
        else makeup.inputs[argument] = { step: name, revision };
        return { [REVISION]: revision ?? null };
      }
      default:
        return text;
    }
  };

  /**
   * A value as it counts; undefined where it counts for nothing.
   * @param group that it stands in
   * @param preset what holds where it is not written, before the schema's own default
   */
  const counted = (schema: z.ZodType, value: unknown, path: Path, group: Group | null, preset?: unknown): unknown => {
    const outer = bare(schema);
    if (outer.free || value === undefined) return undefined;
    if (outer.oneOrMore && Array.isArray(value) && value.length === 1) return counted(schema, value[0], path, group, preset);
    const form = formFor(outer.schema, value);
    const role = outer.role ?? (form === null ? null : bare(form).role);
    if (role !== null && typeof value === "string") {
      const content = contentOf(role, value, path, group);
      // Alone it says as much as in a group that says nothing else.
      return formsOf(outer.schema).some((other) => Object.hasOwn(membersOf(other) ?? {}, "from")) ? { from: content } : content;
    }
    let result = value;
    if (form !== null && (Array.isArray(value) || membersOf(form) !== null || isGroup(value))) {
      const around = isGroup(value) ? value : null;
      const presets = { ...(isGroup(preset) ? preset : {}), ...(around === null ? {} : presetOf(form, around)) };
      const items = inside(form, value).map(
        ([key, member, item]) => [key, counted(member, item, [...path, key], around, presets[key])] as const,
      );
      if (Array.isArray(value)) result = items.map(([, item]) => item ?? null);
      else result = Object.fromEntries(items.filter(([, item]) => item !== undefined));
    }
    // A group's members have been compared with those of the preset one by one.
    const otherwise = preset === undefined || isGroup(preset) ? outer.default : preset;
    return otherwise !== undefined && canonicalJson(result) === canonicalJson(otherwise) ? undefined : result;
  };

  makeup.arguments = counted(settingsOf(step.verb), step.settings, [], null);
  return { makeup, missing };
}

/** 64 hex digits: sha256 over the verb, its version and the canonical arguments. Two steps with the same one have the same result. */
export const fingerprintOf = ({ verb, version, arguments: settings }: Makeup): string =>
  sha256(canonicalJson({ verb, version, arguments: settings }));

/** The fingerprint of a step, or null where something that it is made of is not there. */
export function fingerprint(
  step: Step,
  contents: Contents,
  inputRevisions: ReadonlyMap<string, string>,
  verbVersion: number,
): string | null {
  const { makeup, missing } = makeupOf(step, contents, inputRevisions, verbVersion);
  return missing.length === 0 ? fingerprintOf(makeup) : null;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

type Group = Readonly<Record<string, unknown>>;

const isGroup = (value: unknown): value is Group => typeof value === "object" && value !== null && !Array.isArray(value);

/** The values that a preset among a group's members gives the others. */
function presetOf(schema: z.ZodType, group: Group): Group {
  for (const [key, member] of Object.entries(membersOf(schema) ?? {})) {
    const { presets, default: otherwise } = bare(member);
    const given = presets?.[String(group[key] ?? otherwise)];
    if (given !== undefined) return given;
  }
  return {};
}

/** Whether a text can only be a path: an id on the hub has no such form. */
const isLocal = (text: string): boolean => /^[./~]|\\|^[A-Za-z]:|\.gguf$|[*?[{]/.test(text);

function conditions(text: string): unknown {
  try {
    return parseWhere(text);
  } catch {
    // A wrong condition is a finding of its own; as text it is at least not like another.
    return text;
  }
}

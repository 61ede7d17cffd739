import * as z from "zod";

/** What a step's result is, and what an argument wants. */
export const KINDS = ["seeds", "rows", "model", "scores", "report", "file"] as const;
export type Kind = (typeof KINDS)[number];

/**
 * What a value of the recipe stands for, beyond its shape. References, fingerprints, completion and checks all follow from it, so a
 * new argument is declared in one place.
 *
 * - `input`: a step's result as `steps.NAME`, else files, else (where a model is wanted) an id on the hub
 * - `files`: a path or pattern, of which the content counts and not the name, unless `names` says so
 * - `templates`: the same for templates, whose names count: they decide which seed meets which template
 * - `endpoint`, `host`: a name of that part
 * - `where`: conditions on rows
 */
export type Role =
  | { is: "input"; kinds: readonly Kind[] }
  /** `names`: what comes out depends on what the files are called; as a text, only where the group that it stands in has no such member. */
  | { is: "files"; names?: true | string }
  | { is: "templates" | "endpoint" | "host" | "where" };

interface Marks {
  role?: Role;
  /** Changes where, how fast or for how much something is made, never what comes out. */
  free?: boolean;
  /** One thing, or a list of such: a list of one means the same as the thing itself. */
  oneOrMore?: boolean;
}

const marks = z.registry<Marks>();

const mark = <T extends z.ZodType>(schema: T, more: Marks): T => {
  marks.add(schema, { ...marks.get(schema), ...more });
  return schema;
};

export const withRole = <T extends z.ZodType>(schema: T, role: Role): T => mark(schema, { role });

/** Marks a setting that takes no part in a fingerprint. */
export const free = <T extends z.ZodType>(schema: T): T => mark(schema, { free: true });

/** Marks a union of a thing and a list of such. */
export const oneOrList = <T extends z.ZodType>(schema: T): T => mark(schema, { oneOrMore: true });

/** A schema under its wrappers of optional and default, with what these say of it. */
export interface Bare {
  schema: z.ZodType;
  role: Role | null;
  free: boolean;
  oneOrMore: boolean;
  /** Of a word that gives members beside it their values: which ones each of its words gives. */
  presets: Readonly<Record<string, Readonly<Record<string, unknown>>>> | null;
  description: string | null;
  examples: unknown[];
  /** Undefined where there is none. */
  default: unknown;
}

const SEEN = new WeakMap<z.ZodType, Bare>();

export function bare(outer: z.ZodType): Bare {
  const known = SEEN.get(outer);
  if (known !== undefined) return known;
  const found: Bare = {
    schema: outer,
    role: null,
    free: false,
    oneOrMore: false,
    presets: null,
    description: null,
    examples: [],
    default: undefined,
  };
  for (let schema = outer; ; ) {
    const marked = marks.get(schema);
    found.role ??= marked?.role ?? null;
    found.free ||= marked?.free === true;
    found.oneOrMore ||= marked?.oneOrMore === true;
    const meta = z.globalRegistry.get(schema);
    found.presets ??= (meta?.presets as Bare["presets"] | undefined) ?? null;
    found.description ??= meta?.description ?? null;
    if (Array.isArray(meta?.examples) && found.examples.length === 0) found.examples = meta.examples;
    found.schema = schema;
    if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
      found.default = schema.def.defaultValue;
      schema = schema.def.innerType as z.ZodType;
    } else if (schema instanceof z.ZodOptional) schema = schema.def.innerType as z.ZodType;
    else break;
  }
  SEEN.set(outer, found);
  return found;
}

/** The members of a group of settings; null where the schema is none. */
export function membersOf(schema: z.ZodType): Record<string, z.ZodType> | null {
  return schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>) : null;
}

/** The names that a group's settings may have, in any of its forms; none where every name may stand. */
export function keysOf(schema: z.ZodType): string[] {
  return formsOf(schema).flatMap((form) => {
    if (form instanceof z.ZodRecord) return form.keyType instanceof z.ZodEnum ? form.keyType.options.map(String) : [];
    return Object.keys(membersOf(form) ?? {});
  });
}

/** The forms that a value may have: the options of a union, flattened, or the schema itself. */
export function formsOf(schema: z.ZodType): z.ZodType[] {
  const inner = bare(schema).schema;
  if (inner instanceof z.ZodUnion) return (inner.options as readonly z.ZodType[]).flatMap(formsOf);
  return [inner];
}

/** The form of a union that a value was meant to have, told by what it is: text, number, list, group. Null where none is like it. */
export function formFor(schema: z.ZodType, value: unknown): z.ZodType | null {
  const forms = formsOf(schema);
  return forms.find((form) => shapeOf(form) === shapeOfValue(value)) ?? (forms.length === 1 ? (forms[0] as z.ZodType) : null);
}

type Shape = "text" | "number" | "flag" | "list" | "group" | "other";

export function shapeOf(schema: z.ZodType): Shape {
  if (schema instanceof z.ZodString || schema instanceof z.ZodEnum) return "text";
  if (schema instanceof z.ZodLiteral) return shapeOfValue(schema.def.values[0]);
  if (schema instanceof z.ZodNumber) return "number";
  if (schema instanceof z.ZodBoolean) return "flag";
  if (schema instanceof z.ZodArray || schema instanceof z.ZodTuple) return "list";
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) return "group";
  return "other";
}

export function shapeOfValue(value: unknown): Shape {
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "flag";
  if (Array.isArray(value)) return "list";
  return typeof value === "object" && value !== null ? "group" : "other";
}

export type Path = readonly (string | number)[];

/** The schemas of the values inside a group or list, by key or index. Empty where the value is not what the schema wants. */
export function inside(schema: z.ZodType, value: unknown): [key: string | number, schema: z.ZodType, value: unknown][] {
  if (Array.isArray(value)) {
    if (schema instanceof z.ZodArray) return value.map((item, k) => [k, schema.element as z.ZodType, item]);
    if (schema instanceof z.ZodTuple)
      return value.flatMap((item, k) => (schema.def.items[k] ? [[k, schema.def.items[k] as z.ZodType, item]] : []));
    return [];
  }
  if (typeof value !== "object" || value === null) return [];
  if (schema instanceof z.ZodRecord) return Object.entries(value).map(([key, item]) => [key, schema.valueType as z.ZodType, item]);
  const members = membersOf(schema);
  if (members === null) return [];
  return Object.entries(value).flatMap(([key, item]) => (Object.hasOwn(members, key) ? [[key, members[key] as z.ZodType, item]] : []));
}

export interface Placed {
  path: Path;
  role: Role;
  value: unknown;
  /** It, or what it stands in, takes no part in a fingerprint. */
  free: boolean;
}

/** Every value that has a role, in the order of the text. */
export function* placed(schema: z.ZodType, value: unknown, path: Path = [], isFree = false): Generator<Placed> {
  const outer = bare(schema);
  const nowFree = isFree || outer.free;
  if (outer.role !== null) yield { path, role: outer.role, value, free: nowFree };
  const form = formFor(outer.schema, value);
  if (form === null) return;
  const { role } = bare(form);
  if (form !== outer.schema && role !== null) yield { path, role, value, free: nowFree };
  for (const [key, member, item] of inside(form, value)) yield* placed(member, item, [...path, key], nowFree);
}

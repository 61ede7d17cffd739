import { invalid } from "./api-error.ts";

type Schema = Record<string, unknown>;

/** Keywords that the grammar enforces. */
const ENFORCED = new Set(
  "type const enum oneOf properties additionalProperties required minProperties maxProperties items prefixItems minItems maxItems minLength maxLength format $ref $defs".split(
    " ",
  ),
);
/** Keywords that say nothing about the value. */
const REMARKS = new Set([
  "$schema",
  "$id",
  "$comment",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
]);
const FORMATS = new Set(["date-time", "time", "date"]);

/**
 * The schema in the words of the grammar (`anyOf` is its `oneOf`). A keyword that it would pass over in silence is refused: whoever
 * sends a schema relies on it.
 * @throws ApiError 400
 */
export function enforceableSchema(schema: unknown, path = "schema", defs: ReadonlySet<string> = new Set()): Schema {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) throw refused(path, "is not an object");
  const known = new Set([...defs, ...Object.keys((schema as Schema).$defs ?? {})]);
  const result: Schema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    const name = keyword === "anyOf" ? "oneOf" : keyword;
    if (REMARKS.has(name)) continue;
    if (!ENFORCED.has(name)) throw refused(path, `uses ${keyword}, which this server cannot enforce`);
    if (name === "format" && !FORMATS.has(String(value))) throw refused(path, `uses the format ${value}, which this server cannot enforce`);
    if (name === "$ref" && !known.has(String(value).replace("#/$defs/", "")))
      throw refused(path, `refers to ${value}, which is not in $defs`);
    result[name] = enforceable(name, value, `${path}.${keyword}`, known);
  }
  return result;
}

function enforceable(keyword: string, value: unknown, path: string, defs: ReadonlySet<string>): unknown {
  if (keyword === "oneOf" || keyword === "prefixItems") {
    if (!Array.isArray(value) || value.length === 0) throw refused(path, "is not a list of schemas");
    return value.map((item, index) => enforceableSchema(item, `${path}[${index}]`, defs));
  }
  if (keyword === "items" || (keyword === "additionalProperties" && typeof value === "object")) return enforceableSchema(value, path, defs);
  if (keyword !== "properties" && keyword !== "$defs") return value;
  if (typeof value !== "object" || value === null) throw refused(path, "is not an object");
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, enforceableSchema(item, `${path}.${name}`, defs)]));
}

const refused = (path: string, why: string) => invalid("response_format", `${path} ${why}`);

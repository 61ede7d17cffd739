import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import type { Problem } from "#protocol/errors.ts";

type Json = Record<string, unknown>;

/**
 * The spelling of a request that one endpoint understands. The recorded body stays canonical (`max_tokens`); only what goes over the wire
 * is respelled. With `auto` the endpoint's refusal teaches the spelling, once for all its later requests.
 */
export function createDialect(field: EndpointDeclaration["max_tokens_field"]) {
  let rename: "max_tokens" | "max_completion_tokens" | null = field === "auto" ? null : field;
  let streamOptions = true;

  return {
    /** The body as this endpoint wants it. */
    spell(body: Json, stream: boolean): Json {
      const spelled: Json = { ...body };
      const limit = body.max_tokens ?? body.max_completion_tokens;
      if (rename !== null && limit !== undefined) {
        delete spelled.max_tokens;
        delete spelled.max_completion_tokens;
        spelled[rename] = limit;
      }
      if (stream) {
        spelled.stream = true;
        if (streamOptions) spelled.stream_options = { include_usage: true };
      }
      return spelled;
    },

    /** Whether the refusal taught a spelling that makes it worth to send the same request once more. */
    learn(problem: Problem, sent: Json): boolean {
      if (problem.code !== "model/bad-request") return false;
      const said = `${problem.data?.param ?? ""} ${problem.data?.said ?? ""}`;
      if ("stream_options" in sent && /stream_options/.test(said)) {
        streamOptions = false;
        return true;
      }
      if (
        field !== "auto" ||
        !/unsupported|not support|unrecognized|unknown|not permitted|not allowed|unexpected|instead/i.test(
          `${said} ${problem.data?.endpointCode ?? ""}`,
        )
      )
        return false;
      const used = "max_completion_tokens" in sent ? "max_completion_tokens" : "max_tokens";
      if (!(used in sent) || !new RegExp(`\\b${used}\\b`).test(said)) return false;
      rename = used === "max_tokens" ? "max_completion_tokens" : "max_tokens";
      return true;
    },
  };
}

export type Dialect = ReturnType<typeof createDialect>;

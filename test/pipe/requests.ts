import type { SendSpec } from "#protocol/files/job.ts";
import type { PlannedRequest } from "../../server/src/jobs/create-job.ts";
import { requestKey } from "../../server/src/requests/request-key.ts";

/** A job against a stub; `more` changes members of the spec. */
export function specOf(baseUrl: string, more: Partial<SendSpec> = {}): SendSpec {
  return {
    task: "send",
    dataset: "test",
    model_identity: "stub/stub@1",
    endpoint: { name: "stub", base_url: baseUrl, model: "stub" },
    concurrency: 4,
    stream: false,
    retries: 6,
    stall_seconds: 5,
    ...more,
  };
}

/** Requests that carry the number of their row, so that a server can count them. */
export function* marked(count: number, padding = 0): Generator<PlannedRequest> {
  for (let row = 0; row < count; row++) {
    const body = { model: "stub", messages: [{ role: "user", content: `[[row:${row}]] ${"x".repeat(padding)}` }], max_tokens: 64 };
    const key = requestKey("stub/stub@1", body, 0);
    yield {
      line: { custom_id: key, method: "POST", url: "/v1/chat/completions", body },
      index: { custom_id: key, seed: null, template: { path: "t.prompty", sha256: "0".repeat(64) }, sample: 0, stage: null, format: null },
    };
  }
}

export const keyOf = (row: number): string => [...marked(row + 1)].at(-1)?.line.custom_id ?? "";

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fail } from "#protocol/errors.ts";
import { type RequestLine, ResponseLine } from "#protocol/files/shards.ts";
import { objectIn } from "../files/json.ts";
import { readLines } from "../files/lines.ts";
import { createKeySet, type KeySet } from "../requests/key-set.ts";
import { JOB, shardFiles } from "./layout.ts";

const KEY = /^[0-9a-f]{64}$/;

/** A request of a job and the place of its line. */
export interface StoredRequest {
  line: RequestLine;
  /** Bytes of the line. */
  bytes: number;
}

/** Every request of the job, in order, in flat memory. @throws job/corrupt where a line is no request */
export async function* readRequests(dir: string): AsyncGenerator<StoredRequest> {
  for (const file of shardFiles(dir, "requests")) {
    for await (const { text, number, length, complete } of linesOf(file)) {
      const value = complete ? objectIn(text) : null;
      if (value === null || typeof value.custom_id !== "string" || !KEY.test(value.custom_id) || typeof value.body !== "object")
        throw fail("job/corrupt", "A line of the job's requests is no request", {
          where: { file, line: number },
          remedy: "Move the job's directory away and run the command that made it again.",
        });
      yield { line: value as unknown as RequestLine, bytes: length };
    }
  }
}

/** A response line of the job, or what else stands in its place. */
export interface StoredResponse {
  /** Null where the line is no response. */
  value: Record<string, unknown> | null;
  key: string | null;
  file: string;
  line: number;
  /** Bytes of the file up to the end of this line. */
  end: number;
  /** The file's last line without its newline. */
  torn: boolean;
}

/** Every line of the job's response shards, in order; reads whatever stands there without a complaint. */
export async function* readResponses(dir: string): AsyncGenerator<StoredResponse> {
  for (const file of shardFiles(dir, "responses")) {
    for await (const { text, number, position, length, complete } of linesOf(file)) {
      const { data: value = null } = ResponseLine.safeParse(objectIn(text));
      const end = position + length + (complete ? 1 : 0);
      yield { value, key: value?.custom_id ?? null, file, line: number, end, torn: !complete };
    }
  }
}

async function* linesOf(file: string) {
  for await (const lines of readLines(file)) for (const line of lines) yield { ...line, text: String(line.bytes) };
}

/** Keys that the job need not ask: those in its response shards and those in its skip list. A torn line does not count. */
export async function answeredKeys(dir: string): Promise<KeySet> {
  const keys = createKeySet();
  for await (const { key, torn } of readResponses(dir)) if (key !== null && !torn) keys.add(key);
  for await (const key of skippedKeys(dir)) keys.add(key);
  return keys;
}

/** Keys of the skip list. */
export async function* skippedKeys(dir: string): AsyncGenerator<string> {
  const file = join(dir, JOB.skip);
  if (!existsSync(file)) return;
  for await (const { text } of linesOf(file)) {
    const key = objectIn(text)?.custom_id;
    if (typeof key === "string" && KEY.test(key)) yield key;
  }
}

/** Requests of the job without an answer, in order. */
export async function* missing(dir: string): AsyncGenerator<StoredRequest> {
  const answered = await answeredKeys(dir);
  for await (const request of readRequests(dir)) if (answered.find(request.line.custom_id) < 0) yield request;
}

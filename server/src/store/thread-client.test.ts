import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "#protocol/errors.ts";
import { ThreadClient } from "./thread-client.ts";

/** A thread that answers nothing. */
const SILENT = new URL('data:text/javascript,import { parentPort } from "node:worker_threads"; parentPort.on("message", () => {});');

test("nothing is asked of a thread that is being ended, though it has not gone yet", async () => {
  const client = new ThreadClient(SILENT, { mode: "read", path: "", project: "" });
  const { result } = client.call("anything", null);
  const ending = client.kill();
  assert.equal(client.alive, false);
  await assert.rejects(result, (thrown) => thrown instanceof AppError && thrown.problem.code === "index/unavailable");
  await ending;
});

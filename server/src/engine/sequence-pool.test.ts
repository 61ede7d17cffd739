import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "./api-error.ts";
import type { LlamaSequence } from "./llama.ts";
import { createSequencePool } from "./sequence-pool.ts";

const sequence = (shared: number) => ({ compareContextTokens: () => ({ firstDifferentIndex: shared }) }) as unknown as LlamaSequence;
const never = new AbortController().signal;

test("the sequence that knows most of the prompt is lent first; then requests wait in order", async () => {
  const [a, b] = [sequence(3), sequence(9)];
  const pool = createSequencePool([a, b]);
  assert.equal(await pool.borrow([], never), b);
  assert.equal(await pool.borrow([], never), a);
  const third = pool.borrow([], never);
  const fourth = pool.borrow([], never);
  pool.giveBack(a);
  assert.equal(await third, a);
  pool.giveBack(b);
  assert.equal(await fourth, b);
});

test("who leaves the queue frees its place, and a full queue says so", async () => {
  const only = sequence(0);
  const pool = createSequencePool([only], 1);
  await pool.borrow([], never);
  const leaving = new AbortController();
  const waiting = pool.borrow([], leaving.signal);
  await assert.rejects(pool.borrow([], never), (error: ApiError) => error instanceof ApiError && error.status === 503);
  leaving.abort(new Error("gone"));
  await assert.rejects(waiting, /gone/);
  const next = pool.borrow([], never);
  pool.giveBack(only);
  assert.equal(await next, only);
});

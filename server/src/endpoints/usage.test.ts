import assert from "node:assert/strict";
import { test } from "node:test";
import { price, readUsage } from "./usage.ts";

test("usage of every provider", () => {
  assert.equal(readUsage({}), null);
  assert.equal(readUsage({ usage: {} }), null);
  assert.equal(readUsage({ usage: null }), null);
  assert.deepEqual(readUsage({ usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } }), {
    prompt: 3,
    completion: 4,
    cached: 0,
    reasoning: 0,
  });
  assert.deepEqual(
    readUsage({
      usage: {
        prompt_tokens: 30,
        completion_tokens: 4,
        prompt_tokens_details: { cached_tokens: 20 },
        completion_tokens_details: { reasoning_tokens: 3 },
      },
    }),
    { prompt: 30, completion: 4, cached: 20, reasoning: 3 },
  );
  assert.equal(readUsage({ usage: { prompt_tokens: 30, completion_tokens: 1, prompt_cache_hit_tokens: 10 } })?.cached, 10);
  assert.equal(readUsage({ usage: { prompt_tokens: 3, total_tokens: 9 } })?.completion, 6);
  assert.equal(readUsage({ usage: { prompt_tokens: "many", completion_tokens: -1 } })?.prompt, 0);
});

test("price per million tokens, cached ones at their own", () => {
  const usage = { prompt: 1_000_000, completion: 100_000, cached: 400_000, reasoning: 50_000 };
  assert.equal(price(usage, { prompt: 2.5, completion: 10 }), 3.5);
  assert.equal(price(usage, { prompt: 2.5, completion: 10, cached: 0.5 }), 2.7);
  assert.equal(price({ prompt: 0, completion: 0, cached: 0, reasoning: 0 }, { prompt: 1, completion: 1 }), 0);
});

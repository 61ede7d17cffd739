import assert from "node:assert/strict";
import { test } from "node:test";
import { readUsage } from "./usage.ts";

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

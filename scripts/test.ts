/**
 * Everything that a change must pass: build, lint, unit tests (beside their sources), seam tests (test/, against the built
 * processes) and the worker's tests (test/worker/, in Python). `npm test -- PATTERN…` runs only the files whose path contains one
 * of the patterns, without lint.
 * The last line is `N passed, N failed, N skipped` over all suites.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { findChromium } from "./chromium.ts";
import { installCodeServer } from "./code-server.ts";
import { root } from "./root.ts";
import { testWorker } from "./test-worker.ts";

const patterns = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
const skipReasons = new Map<string, number>();
const failures: string[] = [];

step("build", ["scripts/build.ts"]);
if (patterns.length === 0) step("lint", ["scripts/lint.ts"]);
const wanted = (file: string) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern));
const files = (glob: string) =>
  globSync(glob, { cwd: root })
    .map((file) => file.replaceAll("\\", "/"))
    .filter(wanted)
    .sort();
await suite("unit", files("{server,client,webview}/src/**/*.test.ts"), Math.max(1, availableParallelism()));
const seams = files("test/**/*.test.ts");
if (seams.some((file) => file.startsWith("test/e2e/"))) await fetchEditor();
// Seam tests start processes of their own: one file at a time keeps their deadlines honest on two cores.
await suite("seams", seams, 1);
worker(files("test/worker/**/*_test.py"));

if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => `  ${name}`).join("\n")}`);
if (skipReasons.size > 0) console.log(`\nSkipped:\n${[...skipReasons].map(([reason, count]) => `  ${count} × ${reason}`).join("\n")}`);
if (total.passed + total.failed === 0) {
  console.log(`No test matches ${patterns.join(" ")}.`);
  total.failed++;
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

function step(name: string, argv: string[]) {
  const { status } = spawnSync(process.execPath, argv, { cwd: root, stdio: "inherit" });
  total[status === 0 ? "passed" : "failed"]++;
  if (status !== 0) failures.push(name);
}

/** The editor of the tests is large; fetched here, it takes no time of the first file's. What fails is said by the tests as they are skipped. */
async function fetchEditor() {
  if (process.platform === "linux" && findChromium() !== null)
    await installCodeServer(console.log).catch((error: Error) => console.log(error.message));
}

function worker(paths: string[]) {
  if (paths.length === 0) return;
  console.log(`\nworker: ${paths.length} files`);
  const counts = testWorker(paths);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  failures.push(...counts.failures);
  for (const [reason, count] of counts.reasons) skipReasons.set(reason, (skipReasons.get(reason) ?? 0) + count);
}

async function suite(name: string, paths: string[], concurrency: number) {
  if (paths.length === 0) return;
  console.log(`\n${name}: ${paths.length} files`);
  const stream = run({ files: paths.map((path) => join(root, path)), cwd: root, concurrency, timeout: 1_200_000 });
  stream.on("test:pass", (event) => {
    if (event.skip === undefined) {
      // A file or a describe block is not a test of its own.
      if (event.details.type !== "suite") total.passed++;
      return;
    }
    total.skipped++;
    const reason = typeof event.skip === "string" ? event.skip : "no reason given";
    skipReasons.set(reason, (skipReasons.get(reason) ?? 0) + 1);
  });
  stream.on("test:fail", (event) => {
    if (
      event.details.type === "suite" &&
      event.details.error.cause instanceof Error &&
      /subtests? failed/.test(event.details.error.message)
    )
      return;
    total.failed++;
    failures.push(`${event.file === undefined ? "" : `${event.file.replace(`${root}/`, "")}: `}${event.name}`);
  });
  await new Promise<void>((resolve) => {
    const report = stream.compose(spec);
    report.pipe(process.stdout, { end: false });
    report.on("end", () => resolve());
  });
}

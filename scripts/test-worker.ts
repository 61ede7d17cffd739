/** The worker's tests, by pytest in the environment of its locks. Prints what it says and gives the counts. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./root.ts";
import { workerPython } from "./worker-env.ts";

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** Why tests were skipped: reason → number. */
  reasons: Map<string, number>;
  failures: string[];
}

/** Runs these test files (paths relative to the checkout). */
export function testWorker(files: readonly string[]): Counts {
  const found = workerPython((line) => console.log(line));
  const none = { passed: 0, failed: 0, skipped: 0, reasons: new Map<string, number>(), failures: [] };
  if ("missing" in found) return { ...none, skipped: files.length, reasons: new Map([[found.missing, files.length]]) };
  const folder = mkdtempSync(join(tmpdir(), "jiuzhang-pytest-"));
  const report = join(folder, "report.xml");
  const { status } = spawnSync(
    found.python,
    ["-m", "pytest", "-c", "server/worker/pyproject.toml", "--rootdir", root, "--durations=8", `--junit-xml=${report}`, ...files],
    { cwd: root, stdio: "inherit", env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" } },
  );
  try {
    return { ...none, ...readReport(readFileSync(report, "utf8")) };
  } catch {
    return { ...none, failed: 1, failures: [`pytest ended with ${status} and left no report`] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The counts of a JUnit report. */
function readReport(xml: string): Counts {
  const count = (name: string) => Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(xml)?.[1] ?? Number.NaN);
  const [tests, errors, failures, skipped] = ["tests", "errors", "failures", "skipped"].map(count) as [number, number, number, number];
  if ([tests, errors, failures, skipped].some(Number.isNaN)) throw new Error("the report has no counts");
  const reasons = new Map<string, number>();
  for (const [, reason] of xml.matchAll(/<skipped [^>]*message="([^"]*)"/g)) {
    const words = reason as string;
    reasons.set(words, (reasons.get(words) ?? 0) + 1);
  }
  const failed = [...xml.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>]*><(?:failure|error)/g)];
  return {
    passed: tests - errors - failures - skipped,
    failed: errors + failures,
    skipped,
    reasons,
    failures: failed.map(([, file, name]) => `${file}: ${name}`),
  };
}

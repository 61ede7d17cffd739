import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createJob } from "../server/src/jobs/create-job.ts";
import { scratch, startStub, withoutStub } from "../test/pipe/harness.ts";
import { marked, specOf } from "../test/pipe/requests.ts";

const REQUESTS = 10_000;
const CONCURRENCY = 64;
const ROUNDS = 2;
const root = fileURLToPath(new URL("..", import.meta.url));

interface Cost {
  wall: number;
  cpu: number;
  rss: number;
}

/** `send` with everything it keeps (durable answers, progress) beside the bare client, which keeps nothing; against the same stub, in turns. */
export async function run() {
  if (withoutStub !== false) throw new Error(withoutStub);
  const folder = scratch();
  const stub = await startStub();
  const built = join(root, "dist", "server", "send.js");
  const sendFile = existsSync(built) ? built : join(root, "server", "src", "send.ts");
  const ours: Cost[] = [];
  const bare: Cost[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await stub.reset();
      const spec = specOf(stub.url, { concurrency: CONCURRENCY });
      const { dir } = await createJob({
        projectDir: join(folder.path, String(round)),
        spec,
        requests: marked(REQUESTS, 500),
        templates: [],
      });
      ours.push(await measure([sendFile, dir]));
      const stats = await stub.stats();
      if (stats.rowsOk !== REQUESTS || stats.paid !== REQUESTS) throw new Error(`${stats.rowsOk} rows answered, ${stats.paid} paid`);
      await stub.reset();
      bare.push(await measure([join(root, "bench", "pipe", "bare-openai.ts"), stub.url, String(REQUESTS), String(CONCURRENCY)]));
    }
  } finally {
    await stub.stop();
    folder.remove();
  }
  const best = (costs: Cost[], name: keyof Cost): number => Math.min(...costs.map((cost) => cost[name]));
  const row = (name: string, key: keyof Cost, unit: string, note: string) => {
    const [a, b] = [best(ours, key), best(bare, key)];
    return { name: `pipe, ${REQUESTS.toLocaleString("en-GB")} requests: ${name}`, ours: a, baseline: b, ratio: a / b, unit, note };
  };
  const beside = "send with durable answers, beside the bare openai client that keeps nothing; smaller is better";
  return [
    row("CPU", "cpu", "s", beside),
    row("wall clock", "wall", "s", beside),
    row("peak memory", "rss", "MB", "mostly young garbage of the client; ours does not grow with the number of requests"),
  ];
}

/** Runs a node program and reads its own account of what it took. */
async function measure(args: string[]): Promise<Cost> {
  const account =
    'process.on("exit",()=>{const u=process.resourceUsage();process.stderr.write("@@"+JSON.stringify({cpu:(u.userCPUTime+u.systemCPUTime)/1e6,rss:u.maxRSS/1024}))})';
  const began = performance.now();
  const child = spawn(process.execPath, ["--import", `data:text/javascript,${encodeURIComponent(account)}`, ...args], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  const wall = (performance.now() - began) / 1000;
  const found = said.split("@@")[1];
  if (code !== 0 || found === undefined) throw new Error(`${args[0]} ended with ${code}: ${said.slice(-500)}`);
  return { wall, ...(JSON.parse(found) as { cpu: number; rss: number }) };
}

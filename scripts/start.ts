/**
 * `npm start`: from a fresh clone to problems on the screen. Builds, makes ./sample where it does not exist, and generates from
 * its seeds; `jiuzhang generate` fetches the embedded model on the way. What follows `npm start --` goes to `jiuzhang generate`.
 */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./root.ts";
import { done, style } from "./steps.ts";

const COUNT = 12;
// The small model likes to repeat itself for ever; a look at the pipe need not wait for the template's own limit.
const MAX_TOKENS = 320;
const cli = join(root, "dist", "server", "cli.js");
const sample = join(root, "sample");
const extra = process.argv.slice(2);

const installed = JSON.parse(process.env.JIUZHANG_INSTALLED ?? "null") as { milliseconds: number; packages: number } | null;
console.log();
done("tools", `Node ${process.versions.node}${installed === null ? "" : ` and ${installed.packages} packages`}`, installed?.milliseconds);

let began = Date.now();
const build = spawnSync(process.execPath, [join(root, "scripts", "build.ts"), "--quiet"], { cwd: root, stdio: "inherit" });
if (build.status !== 0) process.exit(build.status ?? 1);
done("build", "server", Date.now() - began);

began = Date.now();
const made = spawnSync(process.execPath, [cli, "--json", "sample", sample], {
  cwd: root,
  encoding: "utf8",
  stdio: ["ignore", "pipe", "inherit"],
});
if (made.status !== 0) process.exit(made.status ?? 1);
done("project", JSON.parse(made.stdout).created ? "./sample: seeds, templates, jiuzhang.yaml" : "./sample is there already");

const given = (...flags: string[]) => extra.some((word) => flags.some((flag) => word === flag || word.startsWith(`${flag}=`)));
const external = given("--base-url", "--endpoint");
// The small model can only complete: what the chat templates ask for is beyond it. Servers for chat models often have no completions.
const library = external || given("--model") ? ["nl/grade", "nl/high", "tool/high"] : ["base/grade"];
const templates = given("--template") ? [] : ["--template", ...library.map((name) => join("prompts", `${name}.prompty`))];
const seeds = given("--seeds") ? [] : ["--seeds", join("data", "seeds.jsonl")];
const count = given("--count") ? [] : ["--count", String(COUNT)];
const small = external || given("--max-tokens") ? [] : ["--max-tokens", String(MAX_TOKENS)];
const child = spawn(
  process.execPath,
  [cli, "generate", ...templates, ...seeds, ...count, ...small, "--dataset", "sample", "--more", ...extra],
  {
    cwd: sample,
    stdio: "inherit",
  },
);
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => {
  if (code === 0) next();
  process.exitCode = signal === null ? (code ?? 1) : 1;
});

function next() {
  if (!external && !given("--model"))
    console.log(style("dim", "  The model is small: it shows the pipe, not the quality. Its answers are mostly wrong."));
  const commands = [
    ["npm run -s jiuzhang -- list sample --project sample", "its rows and verdicts"],
    ["npm run -s jiuzhang -- show ID --project sample", "one, back to its seed"],
    ["npm start -- --base-url URL --model NAME", "with a larger model"],
  ];
  const width = Math.max(...commands.map(([command = ""]) => command.length)) + 2;
  console.log();
  commands.forEach(([command = "", what = ""], at) => {
    console.log(`  ${style("bold", (at === 0 ? "Next" : "").padEnd(6))}${style("cyan", command.padEnd(width))}${style("dim", what)}`);
  });
  console.log();
}

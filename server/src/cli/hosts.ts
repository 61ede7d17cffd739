import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Command } from "commander";
import { AppError, fail } from "#protocol/errors.ts";
import { connectHost, DEFAULT_ROOT } from "../hosts/connect.ts";
import { type HostFinding, type ProbeWishes, probeHost } from "../hosts/probe.ts";
import { dataFolder, findProject, RECIPE_FILE } from "../project/root.ts";
import type { Host } from "../recipe/host.ts";
import { HERE, hostSchema } from "../recipe/hosts.ts";
import type { Context, GlobalOptions } from "./context.ts";

export function registerHosts(program: Command, context: Context): void {
  const hosts = program.command("hosts").description("the machines that jobs run on");
  hosts
    .command("probe")
    .argument("<host>", "a host of jiuzhang.yaml, “here”, or a destination of ssh such as user@address")
    .description("whether a host is reached, how fast it answers, and what it has for jobs")
    .addHelpText(
      "after",
      "\nUses the system's ssh with your own configuration, which must let you in without a question; no host key is accepted for you.\nNothing is installed or left there. Exit 1 where no job could run there.\n\nExamples:\n  jiuzhang hosts probe box\n  jiuzhang hosts probe me@gpu-box --json",
    )
    .action((name: string) => probe(context, program.opts<GlobalOptions>().project, name));
  for (const command of hosts.commands) command.copyInheritedSettings(program).exitOverride();
}

const MARK: Record<HostFinding["state"], ["green" | "yellow" | "red", string]> = {
  works: ["green", "✓"],
  missing: ["yellow", "○"],
  broken: ["red", "✗"],
};

async function probe({ out, cwd }: Context, explicit: string | undefined, name: string): Promise<void> {
  const project = explicit ?? findProject(cwd);
  const host = await findHost(project, cwd, name);
  const root = host.root ?? (host.ssh === undefined ? (project === null ? cwd : dataFolder(project)) : DEFAULT_ROOT);
  const transport = connectHost(host);
  try {
    const findings = await probeHost(transport, { root, interpreters: interpretersOf(host) });
    for (const finding of findings) {
      out.object({ type: "finding", host: name, ...finding });
      const [colour, mark] = MARK[finding.state];
      out.line(`  ${out.style(colour, mark)} ${finding.area.padEnd(10)} ${finding.what}`);
      if (finding.remedy !== undefined) out.line(`${" ".repeat(15)}${out.style("cyan", finding.remedy)}`);
    }
    if (findings.some(({ state }) => state === "broken")) process.exitCode = 1;
  } finally {
    await transport.close();
  }
}

/** A host that the recipe declares; any other name is what ssh makes of it. */
async function findHost(project: string | null, cwd: string, name: string): Promise<Host> {
  const file = project === null ? null : join(project, RECIPE_FILE);
  if (file !== null && existsSync(file)) {
    const { readRecipe } = await import("../recipe/read.ts");
    const { hosts, declared, problems } = readRecipe(readFileSync(file, "utf8"), relative(cwd, file) || RECIPE_FILE);
    const host = hosts.get(name);
    if (host !== undefined) return host;
    if (declared.hosts.has(name) && problems[0] !== undefined)
      throw new AppError(problems.find(({ message }) => message.includes(name)) ?? problems[0]);
  }
  if (name === HERE) return { name };
  const parsed = hostSchema.safeParse({ ssh: name });
  if (!parsed.success)
    throw fail("usage/invalid-argument", `“${name}” is neither a host of the recipe nor a destination of ssh`, {
      remedy: "Name one without blanks that does not begin with a minus.",
    });
  return { ...parsed.data, name };
}

/** Every interpreter that the host's `env` names, with the tasks that use it. Conda, uv and containers are not looked into. */
function interpretersOf({ env }: Host): ProbeWishes["interpreters"] {
  const tasks = new Map<string, string[]>();
  const add = (group: { python?: string | undefined; venv?: string | undefined }, task: string | null) => {
    const path = group.python ?? (group.venv === undefined ? undefined : `${group.venv.replace(/\/$/, "")}/bin/python`);
    if (path !== undefined) tasks.set(path, [...(tasks.get(path) ?? []), ...(task === null ? [] : [task])]);
  };
  if (env !== undefined) add(env, null);
  for (const [task, own] of Object.entries(env ?? {})) if (typeof own === "object") add(own, task);
  return [...tasks];
}

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { toProblem } from "#protocol/errors.ts";
import type { projectRequests } from "#protocol/messages/project.ts";
import { shippedFolder } from "../entries.ts";
import { createSample } from "../project/sample.ts";
import { chooseEngines } from "../store/choose.ts";
import { VERSION } from "../version.ts";
import type { Handlers } from "./context.ts";
import { folderOf } from "./projects.ts";

export const projectHandlers: Handlers<keyof typeof projectRequests> = {
  async "server/health"(context) {
    const projects = await Promise.all(
      (await context.projects.opened()).map(async ([folder, app]) => ({
        project: pathToFileURL(folder).href,
        index: app.indexPath,
        problem: await app.store.read("datasets", null).then(() => null, toProblem),
      })),
    );
    return {
      version: VERSION,
      pid: process.pid,
      node: process.versions.node,
      sqlite: chooseEngines(process.versions.node, process.env.JIUZHANG_SQLITE)[0] ?? null,
      uptimeSeconds: Math.round(process.uptime()),
      residentBytes: process.memoryUsage.rss(),
      trusted: context.trusted(),
      projects,
    };
  },

  async "sample/create"(context, { folder }, { signal }) {
    const dir = folderOf(folder);
    const created = await createSample(dir, { sample: join(shippedFolder("media"), "sample"), prompts: shippedFolder("prompts") });
    const app = await context.projects.open(folder);
    const { dataset } = await app.importSeeds(join(dir, "data", "seeds.jsonl"), { signal });
    context.notify("corpus/changed", { project: folder, datasets: [dataset], reason: "rows" });
    return { created, seeds: dataset };
  },
};

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fail } from "#protocol/errors.ts";
import type { App } from "../app.ts";

/** The projects that the editor asks about, each opened when it is first needed. */
export interface Projects {
  /** @throws project/none where the folder does not exist */
  open(project: string): Promise<App>;
  /** Those that have been opened. */
  opened(): Promise<[project: string, app: App][]>;
  close(): Promise<void>;
}

/** The folder that a `file:` URI means. @throws usage/invalid-argument */
export function folderOf(project: string): string {
  try {
    return fileURLToPath(project);
  } catch (thrown) {
    throw fail("usage/invalid-argument", `“${project}” is no folder on this machine`, {
      remedy: "Open the folder on the machine where it lies.",
      cause: thrown,
    });
  }
}

/** `onOpen` hears of each project that is opened, under the name by which it was asked for. */
export function createProjects(onOpen: (project: string, app: App) => void = () => {}): Projects {
  const apps = new Map<string, Promise<App>>();
  return {
    open(project) {
      const dir = folderOf(project);
      if (!existsSync(dir))
        return Promise.reject(
          fail("project/none", "The project's folder is gone", { where: { file: dir }, remedy: "Open another folder." }),
        );
      const known = apps.get(dir);
      if (known !== undefined) return known;
      // Loaded with the first project, so that the server answers sooner.
      const opening = import("../app.ts").then(({ createApp }) => createApp({ projectDir: dir }));
      apps.set(dir, opening);
      opening.then(
        (app) => onOpen(project, app),
        () => apps.delete(dir),
      );
      return opening;
    },
    async opened() {
      const open = await Promise.allSettled([...apps].map(async ([project, app]): Promise<[string, App]> => [project, await app]));
      return open.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    },
    async close() {
      await Promise.allSettled([...apps.values()].map(async (app) => await (await app).close()));
      apps.clear();
    },
  };
}

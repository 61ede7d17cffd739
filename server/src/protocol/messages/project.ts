import { z } from "zod";
import type { Problem } from "../errors.ts";

/** Messages about the server itself and about whole projects. Client → server. */
export const projectRequests = {
  /** How the server is: asked when the user clicks the status item. */
  "server/health": z.strictObject({}),
  /** Makes the sample project in an empty or new folder and imports its seeds. */
  "sample/create": z.strictObject({ folder: z.string().startsWith("file:") }),
};

export interface ProjectResults {
  "server/health": ServerHealth;
  "sample/create": { created: boolean; seeds: string };
}

export interface ServerHealth {
  version: string;
  pid: number;
  node: string;
  sqlite: "native" | "builtin" | null;
  uptimeSeconds: number;
  residentBytes: number;
  trusted: boolean;
  projects: { project: string; index: string; problem: Problem | null }[];
}

/** What the client tells the server when it starts it. */
export interface InitializationOptions {
  /** Untrusted workspaces start no process, no connection, no program. */
  trusted: boolean;
  /** Folder of the extension's own storage: the engine and its model are installed there. */
  storage: string | null;
  /** Who labels and edits: the name of the file under `labels/`. */
  person: string | null;
}

/** Client → server. */
export interface ProjectNotifications {
  /** The user has trusted the workspace: processes and connections may be started from now on. */
  "workspace/trusted": Record<string, never>;
  /** The settings that `InitializationOptions` carried have changed. */
  "settings/changed": { person: string | null };
}

import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { formatProblem } from "#protocol/errors.ts";
import type { ServerHealth } from "#protocol/messages/project.ts";
import type { ServerState } from "../server/server.ts";
import { bytes, duration } from "./words.ts";

/** A line of the server's details. */
export interface HealthLine {
  icon: string;
  label: string;
  description: string;
  detail: string | null;
  /** The project whose index should be made anew. */
  ailing: string | null;
}

/** The server's details: one line for its process, one for each index. */
export function healthLines({ version, pid, node, sqlite, uptimeSeconds, residentBytes, trusted, projects }: ServerHealth): HealthLine[] {
  const process: HealthLine = {
    icon: "pass",
    label: `Server ${version} is ready`,
    description: `process ${pid}, ${bytes(residentBytes)}, since ${duration(uptimeSeconds)}`,
    detail: `Node ${node}, ${SQLITE[sqlite ?? "none"]}${trusted ? "" : ", restricted: this folder is not trusted"}`,
    ailing: null,
  };
  const indexes = projects.map(
    ({ project, index, problem }): HealthLine => ({
      icon: problem === null ? "database" : "warning",
      label: `Index of ${basename(fileURLToPath(project))}`,
      description: problem === null ? "in order" : "in trouble",
      detail: problem === null ? index : formatProblem(problem),
      // A new index mends a damaged one; one that is locked or of a newer version it would not.
      ailing: problem?.code === "index/corrupt" ? project : null,
    }),
  );
  return [process, ...indexes];
}

const SQLITE = { native: "SQLite by better-sqlite3", builtin: "SQLite of Node itself", none: "no SQLite" };

/** The one line for a server that cannot be asked. */
export function stateLine(state: ServerState): HealthLine {
  const line = { description: "", detail: null, ailing: null };
  switch (state.name) {
    case "stopped":
      return { ...line, icon: "circle-outline", label: "The server has not been needed yet", detail: "It starts by itself when it is." };
    case "starting":
      return {
        ...line,
        icon: "loading~spin",
        label: state.after === null ? "The server is starting" : "The server is starting again",
        detail: state.after === null ? null : formatProblem(state.after),
      };
    case "ready":
      return { ...line, icon: "loading~spin", label: "Asking the server how it is" };
    case "crashed":
      return { ...line, icon: "error", label: "The server has stopped", detail: formatProblem(state.problem) };
  }
}

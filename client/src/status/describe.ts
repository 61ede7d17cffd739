import { formatProblem, type Problem } from "#protocol/errors.ts";
import type { ServerState } from "../server/server.ts";

/** How the status item looks: its text, the words of its tooltip, and how loud it is. */
export interface Appearance {
  text: string;
  detail: string;
  level: "quiet" | "warning" | "error";
}

/** The appearance that the server's state and the work under way make. */
export function describe(of: {
  server: ServerState;
  works: readonly string[];
  trusted: boolean;
  /** A crash of a moment ago, after which the server is back. */
  recovered: Problem | null;
}): Appearance {
  const { server, works, trusted, recovered } = of;
  switch (server.name) {
    case "crashed":
      return { text: "$(error) JiuZhang: stopped", detail: formatProblem(server.problem), level: "error" };
    case "starting":
      return server.after === null
        ? { text: "$(loading~spin) JiuZhang", detail: "The server is starting.", level: "quiet" }
        : { text: "$(loading~spin) JiuZhang: restarting", detail: formatProblem(server.after), level: "warning" };
    case "stopped":
    case "ready":
      if (works.length > 0)
        return {
          text: `$(sync~spin) JiuZhang: ${works[0]}${works.length > 1 ? ` and ${works.length - 1} more` : ""}`,
          detail: works.join("\n"),
          level: "quiet",
        };
      if (recovered !== null)
        return {
          text: "$(warning) JiuZhang: server restarted",
          detail: `${formatProblem({ message: recovered.message })}. It was started again; what was asked of it meanwhile has failed.`,
          level: "quiet",
        };
      if (!trusted)
        return {
          text: "$(shield) JiuZhang: restricted",
          detail: "This folder is not trusted: templates are checked and previewed, but no model is asked and no job is run.",
          level: "quiet",
        };
      return server.name === "ready"
        ? { text: "$(circle-filled) JiuZhang", detail: "The server is ready. Click for details.", level: "quiet" }
        : { text: "$(circle-outline) JiuZhang", detail: "The server starts when it is needed.", level: "quiet" };
  }
}

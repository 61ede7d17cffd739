import type { PanelEvents } from "#protocol/panels.ts";
import type { ServerState } from "../server/server.ts";

/** The server's state as panels are told of it. */
export function serverEvent(state: ServerState): PanelEvents["server"] {
  switch (state.name) {
    case "starting":
      return { state: "starting", problem: state.after };
    case "crashed":
      return { state: "stopped", problem: state.problem };
    default:
      // A server that nobody has asked yet is started by the first request.
      return { state: "ready", problem: null };
  }
}

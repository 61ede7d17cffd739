import type { EndpointSummary } from "#protocol/messages/endpoints.ts";
import type { ClientContext } from "../context.ts";
import { ProblemError } from "../server/server.ts";
import { hostOf } from "../views/lines.ts";
import { pick } from "./ask.ts";

/** Which endpoint a command is about. */
export interface EndpointTarget {
  project: string;
  endpoint: EndpointSummary;
}

/** The endpoint that a command was given (a node of the tree, or its name), else one that the user chooses among those that `fit`. */
export async function chooseTarget(
  { server, projects }: ClientContext,
  argument: unknown,
  { title, fits = () => true, none }: { title: string; fits?: (endpoint: EndpointSummary) => boolean; none: string },
): Promise<EndpointTarget> {
  const given = readTarget(argument);
  const project = given.project ?? (await projects.need());
  const { endpoints, problems } = await server.request("endpoints/list", { project });
  if (given.name !== null) {
    const found = endpoints.find(({ name }) => name === given.name);
    if (found !== undefined) return { project, endpoint: found };
  }
  const fitting = endpoints.filter(fits);
  const [only] = fitting;
  if (only === undefined) {
    const [problem] = problems;
    throw new ProblemError(problem ?? { code: "usage/not-found", message: none });
  }
  if (fitting.length === 1) return { project, endpoint: only };
  const items = fitting.map((endpoint) => ({
    label: endpoint.name,
    description: `${endpoint.model} · ${endpoint.embedded ? "embedded" : hostOf(endpoint.baseUrl)}`,
    endpoint,
  }));
  return { project, endpoint: (await pick(items, { title, placeHolder: "Which endpoint?" })).endpoint };
}

function readTarget(argument: unknown): { project: string | null; name: string | null } {
  if (typeof argument === "string")
    return argument.startsWith("file:") ? { project: argument, name: null } : { project: null, name: argument };
  if (typeof argument !== "object" || argument === null) return { project: null, name: null };
  const { project, endpoint } = argument as { project?: unknown; endpoint?: unknown };
  const name = typeof endpoint === "object" && endpoint !== null ? (endpoint as { name?: unknown }).name : endpoint;
  return { project: typeof project === "string" ? project : null, name: typeof name === "string" ? name : null };
}

import { fail } from "#protocol/errors.ts";
import { supervisorModules } from "./python-sources.ts";
import { runPython } from "./run-python.ts";
import { hostFailure, type SystemError } from "./system-error.ts";
import type { CancelReport, RunSpec, Spawned, Survivor, Transport } from "./transport.ts";

const START_TIMEOUT = 60_000;
/** What a cancel may take beyond its grace. */
const CANCEL_SLACK = 90_000;

interface Told extends SystemError {
  state?: "started" | "there" | "busy";
  problem?: "no-directory" | "not-started" | "failed";
  pid?: number;
  host?: string;
  alive?: boolean | null;
  namespace?: boolean;
  /** What is left of an earlier run. */
  survivors?: Survivor[];
}

const listed = (survivors: Survivor[]): string => survivors.map(({ pid, name }) => `${pid} (${name})`).join(", ");

/** Starts and cancels jobs by the Python supervisor, which is given to an interpreter on its standard input: the same on every transport. */
export function supervise(transport: Pick<Transport, "name" | "exec" | "python">) {
  const ask = async (request: Record<string, unknown>, timeout: number): Promise<unknown> =>
    runPython(transport, await transport.python(), supervisorModules(), request, timeout);

  return {
    async spawn(directory: string, spec: RunSpec): Promise<Spawned> {
      const told = (await ask({ do: "start", directory, ...spec }, START_TIMEOUT)) as Told;
      if (told.state === "started" || told.state === "there")
        return {
          state: told.state,
          pid: told.pid ?? -1,
          host: told.host ?? "",
          alive: told.alive ?? "unknown",
          ...(told.namespace === undefined ? {} : { namespace: told.namespace }),
        };
      if (told.state === "busy" && told.survivors !== undefined)
        throw fail("job/busy", `Processes of an earlier run of this job on ${told.host} cannot be ended: ${listed(told.survivors)}`, {
          where: { file: directory },
          remedy: "End them there, as their owner or as root; then do the same again.",
          data: { pid: told.pid, host: told.host, survivors: told.survivors },
        });
      if (told.state === "busy")
        throw fail("job/busy", `Process ${told.pid} on ${told.host} already runs this job`, {
          where: { file: directory },
          remedy:
            told.alive === null ? `Wait for it; if ${told.host} is gone, delete the job's directory.` : "Wait for it, or cancel it first.",
          data: { pid: told.pid, host: told.host },
        });
      if (told.problem === "no-directory")
        throw fail("usage/not-found", `There is no job directory on ${transport.name}`, { where: { file: directory } });
      if (told.problem === "not-started")
        throw fail("host/not-started", `The job's program could not be started on ${transport.name}: ${told.message}`, {
          where: { file: told.path ?? directory },
          remedy: "Check the host's env and setup in jiuzhang.yaml.",
          data: { argv0: spec.argv[0] },
        });
      throw hostFailure(transport.name, told, directory);
    },
    async cancel(directory: string, grace: number): Promise<CancelReport> {
      return (await ask({ do: "cancel", directory, grace }, grace * 1000 + CANCEL_SLACK)) as CancelReport;
    },
  };
}

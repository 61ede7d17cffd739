import { toProblem } from "#protocol/errors.ts";
import { probeModules } from "./python-sources.ts";
import { runPython } from "./run-python.ts";
import type { Transport } from "./transport.ts";

/** One thing that was looked at. `missing` hinders only what needs it, `broken` hinders every job there. */
export interface HostFinding {
  area: "reachable" | "python" | "worker" | "gpu" | "slurm" | "disk" | "processes";
  state: "works" | "missing" | "broken";
  what: string;
  remedy?: string;
  /** The same for programs. */
  data?: Record<string, unknown>;
}

export interface ProbeWishes {
  root: string;
  /** Interpreters that the recipe names, with the tasks that use them; empty for all. */
  interpreters: [path: string, tasks: string[]][];
}

interface Failed {
  error: string;
}

interface Interpreter extends Partial<Failed> {
  path: string;
  tasks: string[];
  version?: string;
  packages?: Record<string, string>;
}

interface Facts {
  system: string;
  cores: number | null;
  memory: number | null | Failed;
  python: { path: string; version: string };
  interpreters: Interpreter[] | Failed;
  gpus: null | (Partial<Failed> & { list?: Record<"index" | "name" | "total" | "used" | "busy" | "driver", string>[] });
  slurm: null | (Partial<Failed> & { version?: string; partitions?: Record<"name" | "state" | "nodes" | "gpus", string>[] });
  root: { path: string; exists: boolean; parent: string; free: number; total: number; type: string; error: string | null } | Failed;
  pid_namespace: { allowed: boolean };
  subreaper: boolean;
}

const PATIENCE = 120_000;
const LEAST_FREE_BYTES = 20e9;
const TRIPS = 5;
const NETWORK = /^(?:nfs|nfs4|cifs|smb|smb3|lustre|gpfs|beegfs|ceph|fuse\.sshfs|9p|afs)$/;

/** Looks at a host: whether it is reached, how fast it answers, and what it has. Every failure is a finding. */
export async function probeHost(transport: Transport, wishes: ProbeWishes): Promise<HostFinding[]> {
  const first = performance.now();
  const findings: HostFinding[] = [];
  try {
    await transport.stat("~");
    const opened = performance.now() - first;
    const trips: number[] = [];
    for (let i = 0; i < TRIPS; i++) {
      const from = performance.now();
      await transport.stat("~");
      trips.push(performance.now() - from);
    }
    const trip = trips.sort((a, b) => a - b)[TRIPS >> 1] ?? 0;
    const times = `ready after ${milliseconds(opened)}, round trip ${milliseconds(trip)}`;
    findings.push({ area: "reachable", state: "works", what: times, data: { ready_ms: opened, round_trip_ms: trip } });
    const facts = (await runPython(transport, await transport.python(), probeModules(), { ...wishes }, PATIENCE)) as Facts;
    const reached: HostFinding = {
      area: "reachable",
      state: "works",
      what: `${facts.system}, ${facts.cores ?? "?"} cores${typeof facts.memory === "number" ? `, ${gigabytes(facts.memory)} of memory` : ""}; ${times}`,
      data: { system: facts.system, cores: facts.cores, memory: facts.memory, ready_ms: opened, round_trip_ms: trip },
    };
    return [reached, ...findingsOf(facts)];
  } catch (thrown) {
    const { message, remedy, code, data } = toProblem(thrown);
    // Who has answered before is reached, whatever its Python does.
    const area = findings.length > 0 || code.endsWith("-python") ? "python" : "reachable";
    return [...findings, { area, state: "broken", what: message, ...(remedy === undefined ? {} : { remedy }), data: { code, ...data } }];
  }
}

/** What was found, in words and with what to do about it. */
export function findingsOf(facts: Facts): HostFinding[] {
  return [
    { area: "python", state: "works", what: `Python ${facts.python.version} at ${facts.python.path} serves us`, data: { ...facts.python } },
    ...interpretersOf(facts.interpreters),
    gpusOf(facts.gpus),
    slurmOf(facts.slurm),
    rootOf(facts.root),
    processesOf(facts),
  ];
}

function interpretersOf(list: Facts["interpreters"]): HostFinding[] {
  if (!Array.isArray(list))
    return [
      {
        area: "worker",
        state: "broken",
        what: `the interpreters cannot be looked at: ${list.error}`,
        remedy: "Look whether programs can be started there.",
      },
    ];
  if (list.length === 0)
    return [
      {
        area: "worker",
        state: "missing",
        what: "the recipe names no Python with the worker's packages for this host",
        remedy: "Name one under the host's env in jiuzhang.yaml, such as env: { python: ~/envs/jz/bin/python }.",
      },
    ];
  return list.map(({ path, tasks, version, packages = {}, error }) => {
    const who = `${path}${tasks.length === 0 ? "" : ` (${tasks.join(", ")})`}`;
    const data = { path, tasks, version, packages };
    if (error !== undefined)
      return {
        area: "worker",
        state: "broken",
        what: `${who} cannot be used: ${error}`,
        remedy: "Correct the host's env in jiuzhang.yaml.",
        data,
      };
    const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
    const named = Object.entries(packages).map(([name, number]) => `${name} ${number}`);
    const what = `${who}: Python ${version}${named.length === 0 ? "" : `, ${named.join(", ")}`}`;
    if (major < 3 || (major === 3 && minor < 10))
      return {
        area: "worker",
        state: "broken",
        what,
        remedy: "The worker needs Python 3.10 or newer: make the environment with one.",
        data,
      };
    if (packages.torch === undefined)
      return {
        area: "worker",
        state: "missing",
        what: `${what}; PyTorch is not there`,
        remedy: "Install the worker's packages into it, by one of the files in the worker's locks/.",
        data,
      };
    return { area: "worker", state: "works", what, data };
  });
}

function gpusOf(gpus: Facts["gpus"]): HostFinding {
  const area = "gpu";
  if (gpus === null)
    return {
      area,
      state: "missing",
      what: "no NVIDIA GPU is seen (there is no nvidia-smi)",
      remedy: "On a login node that is as it should be. Elsewhere install NVIDIA's driver.",
    };
  if (gpus.error !== undefined)
    return {
      area,
      state: "missing",
      what: `nvidia-smi fails: ${gpus.error}`,
      remedy: "Ask who runs the machine, or start it anew: driver and kernel module often differ after an update.",
    };
  const list = gpus.list ?? [];
  const data = { gpus: list };
  if (list.length === 0) return { area, state: "missing", what: "nvidia-smi lists no GPU", data };
  const words = list.map(({ index, name, total, used, busy }) => `${index}: ${name}, ${used} of ${total} MiB used, ${busy} % busy`);
  return { area, state: "works", what: `${words.join("; ")} (driver ${list[0]?.driver})`, data };
}

function slurmOf(slurm: Facts["slurm"]): HostFinding {
  const area = "slurm";
  if (slurm === null) return { area, state: "missing", what: "there is no Slurm (no sinfo); jobs start at once" };
  if (slurm.error !== undefined)
    return {
      area,
      state: "missing",
      what: `${slurm.version} does not answer: ${slurm.error}`,
      remedy: "Ask who runs the cluster whether its controller is up.",
      data: { ...slurm },
    };
  const words = (slurm.partitions ?? []).map(
    ({ name, state, nodes, gpus }) => `${name} (${nodes} nodes, ${gpus === "(null)" ? "no GPUs" : gpus}, ${state})`,
  );
  return { area, state: "works", what: `${slurm.version}: ${words.join(", ")}`, data: { ...slurm } };
}

function rootOf(root: Facts["root"]): HostFinding {
  const area = "disk";
  if (!("path" in root))
    return {
      area,
      state: "broken",
      what: `the root cannot be looked at: ${root.error}`,
      remedy: "Name another folder as the host's root in jiuzhang.yaml.",
    };
  const { path, exists, parent, free, total, type, error } = root;
  const data = { ...root };
  const what = `${path}${exists ? "" : ` (will be made in ${parent})`}: ${gigabytes(free)} of ${gigabytes(total)} free${type === "" ? "" : `, ${type}`}`;
  if (error !== null)
    return {
      area,
      state: "broken",
      what: `${what}; nothing can be written there: ${error}`,
      remedy: "Name a folder of your own as the host's root in jiuzhang.yaml.",
      data,
    };
  if (free < LEAST_FREE_BYTES)
    return {
      area,
      state: "missing",
      what,
      remedy: "Models and checkpoints need more: free some, or name a larger disk as the host's root in jiuzhang.yaml.",
      data,
    };
  if (type === "tmpfs")
    return {
      area,
      state: "missing",
      what,
      remedy: "This lies in memory and is gone after a restart: name a folder on a disk as the host's root in jiuzhang.yaml.",
      data,
    };
  return {
    area,
    state: "works",
    what: NETWORK.test(type) ? `${what} (a network file system: good for jobs that run on several machines)` : what,
    data,
  };
}

function processesOf({ pid_namespace, subreaper }: Facts): HostFinding {
  const area = "processes";
  const data = { pid_namespace, subreaper };
  if (!subreaper)
    return {
      area,
      state: "missing",
      what: "a cancel ends a job's own processes; what leaves its parent may be missed",
      remedy: "Look for leftovers after a cancel; Linux finds them all.",
      data,
    };
  const namespaces = pid_namespace.allowed ? "are allowed" : "are not allowed";
  return { area, state: "works", what: `a cancel ends everything that came of a job; PID namespaces ${namespaces}`, data };
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 10e9 ? 1 : 0)} GB`;
const milliseconds = (time: number): string =>
  time < 10 ? `${time.toFixed(1)} ms` : time < 1000 ? `${Math.round(time)} ms` : `${(time / 1000).toFixed(1)} s`;

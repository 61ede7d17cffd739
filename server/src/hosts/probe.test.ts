import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsOf } from "./probe.ts";

type Facts = Parameters<typeof findingsOf>[0];

const FACTS: Facts = {
  system: "Linux 6.1 x86_64",
  cores: 64,
  memory: 512e9,
  python: { path: "/usr/bin/python3", version: "3.9.18" },
  interpreters: [{ path: "~/envs/jz/bin/python", tasks: ["train"], version: "3.12.1", packages: { torch: "2.13.0", trl: "1.16.0" } }],
  gpus: { list: [{ index: "0", name: "NVIDIA H200", total: "143771", used: "4", busy: "0", driver: "580.1" }] },
  slurm: { version: "slurm 22.05.8", partitions: [{ name: "a100*", state: "up", nodes: "4", gpus: "gpu:a100:8" }] },
  root: { path: "/scratch/me/jz", exists: true, parent: "/scratch/me/jz", free: 3e12, total: 5e12, type: "lustre", error: null },
  pid_namespace: { allowed: false },
  subreaper: true,
};

const finding = (area: string, more: Partial<Facts>) => {
  const found = findingsOf({ ...FACTS, ...more }).filter((one) => one.area === area);
  assert.equal(found.length, 1, area);
  return found[0] as NonNullable<(typeof found)[0]>;
};

test("a host that has everything", () => {
  const all = findingsOf(FACTS);
  assert.deepEqual([...new Set(all.map(({ state }) => state))], ["works"]);
  assert.deepEqual(
    all.map(({ what }) => what),
    [
      "Python 3.9.18 at /usr/bin/python3 serves us",
      "~/envs/jz/bin/python (train): Python 3.12.1, torch 2.13.0, trl 1.16.0",
      "0: NVIDIA H200, 4 of 143771 MiB used, 0 % busy (driver 580.1)",
      "slurm 22.05.8: a100* (4 nodes, gpu:a100:8, up)",
      "/scratch/me/jz: 3000 GB of 5000 GB free, lustre (a network file system: good for jobs that run on several machines)",
      "a cancel ends everything that came of a job; PID namespaces are not allowed",
    ],
  );
});

test("what is missing or broken says what to do", () => {
  const root = FACTS.root as Extract<Facts["root"], { path: string }>;
  type Interpreter = Extract<Facts["interpreters"], unknown[]>[0];
  const [interpreter] = FACTS.interpreters as [Interpreter];
  const cases: [string, Partial<Facts>, string][] = [
    ["worker", { interpreters: [] }, "missing"],
    ["worker", { interpreters: [{ ...interpreter, version: "3.9.2" }] }, "broken"],
    ["worker", { interpreters: [{ ...interpreter, packages: {} }] }, "missing"],
    ["worker", { interpreters: [{ path: "/x", tasks: [], error: "it does not exist" }] }, "broken"],
    ["worker", { interpreters: { error: "RuntimeError: can't start new thread" } }, "broken"],
    ["gpu", { gpus: null }, "missing"],
    ["gpu", { gpus: { error: "Failed to initialize NVML: Driver/library version mismatch" } }, "missing"],
    ["slurm", { slurm: { version: "slurm 22.05.8", error: "Unable to contact slurm controller" } }, "missing"],
    ["disk", { root: { ...root, free: 1e9 } }, "missing"],
    ["disk", { root: { ...root, type: "tmpfs" } }, "missing"],
    ["disk", { root: { ...root, error: "Permission denied" } }, "broken"],
    ["disk", { root: { error: "OSError" } }, "broken"],
    ["processes", { subreaper: false }, "missing"],
  ];
  for (const [area, more, state] of cases) {
    const found = finding(area, more);
    assert.equal(found.state, state, found.what);
    assert.ok(found.remedy, found.what);
  }
  assert.equal(finding("slurm", { slurm: null }).state, "missing");
});

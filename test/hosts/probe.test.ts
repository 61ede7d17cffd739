import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { cli } from "../cli/harness.ts";
import { type Sshd, startSshd, withoutSshd } from "./sshd.ts";

const project = mkdtempSync(join(tmpdir(), "jiuzhang-probe-"));
after(() => rmSync(project, { recursive: true, force: true }));

interface Finding {
  area: string;
  state: string;
  what: string;
  remedy?: string;
  data: Record<string, unknown>;
}

describe("hosts probe", { skip: withoutSshd }, () => {
  let sshd: Sshd;
  before(async () => {
    sshd = await startSshd();
  });
  after(async () => {
    await sshd?.remove();
  });
  // The user's own ssh: the first on the PATH.
  const probe = async (name: string) => {
    const ended = await cli(["--json", "hosts", "probe", name], {
      cwd: project,
      env: { PATH: `${sshd.folder}${delimiter}${process.env.PATH}` },
    });
    const findings = ended.objects() as unknown as Finding[];
    return { ...ended, findings, of: (area: string) => findings.find((one) => one.area === area) };
  };

  test("a host of the recipe is looked at whole", async (t) => {
    if (!sshd.user.made) return t.skip("needs a user whose start file may be changed");
    const bin = join(sshd.home, "bin");
    mkdirSync(bin);
    const program = (name: string, body: string) => {
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    program("nvidia-smi", 'echo "0, NVIDIA H200, 143771, 4, 0, 580.1"; echo "1, NVIDIA H200, 143771, 9000, 97, 580.1"');
    program("sinfo", 'if [ "$1" = --version ]; then echo "slurm 22.05.8"; else echo "a100*|up|4|gpu:a100:8"; fi');
    const rc = join(sshd.home, ".bashrc");
    writeFileSync(rc, `${readFileSync(rc, "utf8")}PATH=${bin}:$PATH\n`);
    writeFileSync(
      join(project, "jiuzhang.yaml"),
      `hosts:\n  gpus: { ssh: box, root: ~/not/yet, env: { python: /usr/bin/python3, train: { venv: ~/envs/none } } }\n`,
    );
    const { code, findings, of, stderr } = await probe("gpus");
    assert.equal(code, 1, stderr);
    assert.deepEqual(
      findings.map(({ area, state }) => `${area} ${state}`).filter((one) => !one.startsWith("disk")),
      [
        "reachable works",
        "python works",
        of("worker")?.state === "missing" ? "worker missing" : "worker works",
        "worker broken",
        "gpu works",
        "slurm works",
        "processes works",
      ],
    );
    assert.match(of("gpu")?.what ?? "", /^0: NVIDIA H200, 4 of 143771 MiB used, 0 % busy; 1: /);
    assert.match(of("slurm")?.what ?? "", /^slurm 22.05.8: a100\* \(4 nodes, gpu:a100:8, up\)$/);
    assert.deepEqual([of("disk")?.data.path, of("disk")?.data.exists], [join(sshd.home, "not/yet"), false]);
    assert.ok(Number(of("disk")?.data.free) > 0);
    assert.equal(typeof of("reachable")?.data.round_trip_ms, "number");
    const broken = findings.find(({ state }) => state === "broken");
    assert.match(broken?.what ?? "", /~\/envs\/none\/bin\/python \(train\) cannot be used: it does not exist/);
  });

  test("a name that the recipe does not know is ssh's", async () => {
    const { code, of } = await probe("box");
    assert.equal(code, 0);
    assert.equal(of("reachable")?.state, "works");
    const gone = await probe("no-such-host.invalid");
    assert.equal(gone.code, 1);
    assert.deepEqual(
      gone.findings.map(({ area, state }) => [area, state]),
      [["reachable", "broken"]],
    );
    assert.equal(gone.findings[0]?.data.code, "host/unreachable");
    assert.ok(gone.findings[0]?.remedy);
  });

  test("a name that could be an option is refused", async () => {
    const { code, stderr } = await probe("-oProxyCommand=touch");
    assert.equal(code, 2, stderr);
    const blank = await probe("a b");
    assert.equal(blank.code, 2, blank.stderr);
  });
});

test("this machine needs no declaration", async () => {
  const { code, stdout, stderr } = await cli(["hosts", "probe", "here"], { cwd: project });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /✓ reachable/);
  assert.match(stdout, /python +Python 3\.\d+\.\d+ at/);
});

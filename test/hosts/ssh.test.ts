import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { AppError, type ErrorCode } from "#protocol/errors.ts";
import { createSsh } from "../../server/src/hosts/ssh-transport.ts";
import { jobState } from "../../server/src/jobs/state.ts";
import { ended, sshPlace, text, until } from "./places.ts";
import { processesOf, withoutSshd } from "./sshd.ts";

const problem = (code: ErrorCode) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.problem.code, code, error.message);
  assert.ok(error.problem.remedy, "it says what to do");
  return true;
};

describe("ssh: what happens to connections", { skip: withoutSshd }, () => {
  let place: Awaited<ReturnType<typeof sshPlace>>;
  const local = mkdtempSync(join(tmpdir(), "jiuzhang-ssh-"));
  before(async () => {
    place = await sshPlace();
  });
  after(async () => {
    await place?.remove();
    rmSync(local, { recursive: true, force: true });
  });
  const at = (name: string) => join(place.folder, name);
  /** A second connection, of a window that gives up at once unless told. */
  const other = (destination = place.sshd.destination, delays: number[] = []) =>
    createSsh({ destination, program: place.sshd.program, delays });
  let jobs = 0;
  const newJob = async () => {
    const directory = at(`job-${++jobs}`);
    await place.transport.mkdirExclusive(directory, { "job.json": "{}" });
    return directory;
  };
  const whole = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");
  /** Waits until the first bytes of a file are there that is on its way, whole pieces of them. */
  const begun = (folder: string, name: string, piece = 1) =>
    until(async () => {
      const part = readdirSync(folder).find((entry) => entry.startsWith(`${name}.part`));
      const size = part === undefined ? 0 : statSync(join(folder, part)).size;
      return size > 0 && size % piece === 0;
    }, "the first bytes");

  test("a cut line is taken up again, and the job does not hear of it", async () => {
    const { transport, sshd } = place;
    const directory = await newJob();
    await transport.spawn(directory, { run: "a", argv: ["sh", "-c", "while [ ! -e go ]; do sleep 0.05; done; echo on"] });
    sshd.cut();
    assert.equal((await transport.observe(directory)).alive, true);
    sshd.cut();
    await transport.writeWhole(join(directory, "go"), "");
    assert.equal((await ended(transport, directory)).exit?.code, 0);
    assert.equal(text(await transport.read(join(directory, "stdout.log"), 0, 10)), "on\n");
  });

  test("a start whose answer is lost is asked again and starts nothing twice", async () => {
    const { transport, sshd } = place;
    for (const delay of [0, 30, 60, 100, 160]) {
      const directory = await newJob();
      const spawned = transport.spawn(directory, { run: "a", argv: ["sh", "-c", "echo run >> runs.txt"] });
      await new Promise((resolve) => setTimeout(resolve, delay));
      sshd.cut();
      await spawned;
      assert.equal((await ended(transport, directory)).exit?.code, 0);
      assert.equal(text(await transport.read(join(directory, "runs.txt"), 0, 100)), "run\n");
    }
  });

  test("a helper that is killed: what may be done twice is done again, of anything else it is said that nobody knows", async () => {
    const { transport } = place;
    await assert.rejects(transport.exec(["sh", "-c", "kill -9 $PPID; sleep 60"]), problem("host/cut"));
    const again = await transport.exec(["sh", "-c", `if [ -e mark ]; then echo again; else touch mark; kill -9 $PPID; sleep 60; fi`], {
      cwd: place.folder,
      repeatable: true,
    });
    assert.equal(text(again.stdout), "again\n");
  });

  test("an upload that is cut off is continued, by the same connection and by a later one", async () => {
    const { sshd, transport } = place;
    const from = join(local, "large");
    writeFileSync(from, randomBytes(64 * 1024 * 1024));
    const sha256 = whole(from);
    await transport.makeFolder(at("up"));
    for (const [name, first, second] of [
      ["one", other(), transport],
      ["two", other("box", [50, 100, 200]), null],
    ] as const) {
      const to = at(`up/${name}`);
      await first.stat("~");
      const cut = sshd.prepareCut();
      const sending = first.upload(from, to).then(
        (done) => done,
        (error: unknown) => error,
      );
      await begun(at("up"), name);
      cut();
      const came = await sending;
      if (second === null) assert.deepEqual({ ...(came as object), sent: 0 }, { bytes: 64 * 1024 * 1024, sha256, sent: 0 });
      else {
        problem("host/unreachable")(came);
        assert.equal(existsSync(to), false, "nothing stands in its place before it is whole");
        const done = await second.upload(from, to);
        assert.ok(done.sent < done.bytes, "what was there was not sent again");
      }
      assert.equal(whole(to), sha256);
      assert.equal((await transport.upload(from, to)).sent, 0);
      await first.close();
    }
    assert.deepEqual(
      (await transport.list(at("up"))).map(({ name }) => name),
      ["one", "two"],
    );
  });

  test("a download that is cut off is continued; what changed meanwhile is fetched anew", async () => {
    const { sshd, transport } = place;
    const there = at("up/one");
    const to = join(local, "fetched");
    const first = other();
    await first.stat("~");
    const cut = sshd.prepareCut();
    const fetching = first.download(there, to).catch((error: unknown) => error);
    // While a piece is being written nothing is asked for, and a cut would not be felt.
    await begun(local, "fetched", 4 * 1024 * 1024);
    cut();
    problem("host/unreachable")(await fetching);
    await first.close();
    const done = await transport.download(there, to);
    assert.ok(done.sent < done.bytes);
    assert.equal(whole(to), whole(there));
    await transport.writeWhole(there, "another");
    await transport.download(there, to);
    assert.equal(readFileSync(to, "utf8"), "another");
  });

  test("torn beginnings are found out", async () => {
    const { transport } = place;
    const from = join(local, "torn");
    writeFileSync(from, randomBytes(5_000_000));
    const sha256 = whole(from);
    const part = at(`torn.part-${sha256.slice(0, 16)}`);
    for (const left of [Buffer.alloc(1_000_000), Buffer.alloc(9_000_000)]) {
      await transport.writeWhole(part, left);
      await transport.upload(from, at("torn"));
      assert.equal(whole(at("torn")), sha256);
      await transport.remove(at("torn"));
    }
  });

  test("a host that does not answer: said at once to who never was there, after some patience to who was", async () => {
    const { sshd, transport } = place;
    await transport.stat("~");
    await sshd.stop();
    sshd.cut();
    const newcomer = other("box", [60_000]);
    await assert.rejects(newcomer.stat("~"), problem("host/unreachable"));
    const back = transport.stat("~");
    await sshd.start();
    assert.equal((await back)?.kind, "folder");
    assert.equal((await newcomer.stat("~"))?.kind, "folder");
    await newcomer.close();
  });

  test("everything killed at once, as by a restart: nothing is claimed, and it may be started again", async () => {
    const { transport, sshd } = place;
    if (!sshd.user.made) return;
    const directory = await newJob();
    await transport.spawn(directory, { run: "a", argv: ["sh", "-c", "setsid sleep 60 & sleep 60"] });
    for (const pid of processesOf(sshd.user.uid)) process.kill(pid, "SIGKILL");
    const sight = await until(async () => {
      const seen = await transport.observe(directory);
      return seen.alive === false ? seen : null;
    }, "the end");
    assert.equal(sight.exit, null);
    await transport.spawn(directory, { run: "b", argv: ["true"] });
    assert.equal((await ended(transport, directory)).exit?.code, 0);
  });

  test("keys: an unknown one, a changed one, and none of ours are told apart, and none is accepted", async () => {
    const { sshd } = place;
    const stranger = readFileSync(join(sshd.folder, "stranger.pub"), "utf8").split(" ").slice(0, 2).join(" ");
    const [empty, wrong] = [join(sshd.folder, "known-none"), join(sshd.folder, "known-wrong")];
    writeFileSync(empty, "");
    writeFileSync(wrong, readFileSync(sshd.knownHosts, "utf8").replace(/ .*/, ` ${stranger}`));
    sshd.addHost("unknown", [`UserKnownHostsFile ${empty}`]);
    sshd.addHost("changed", [`UserKnownHostsFile ${wrong}`]);
    sshd.addHost("stranger", ["User nobody-of-that-name"]);
    sshd.addHost("nowhere", ["HostName no-such-host.invalid"]);
    const codes = {
      unknown: "host/unknown-key",
      changed: "host/changed-key",
      stranger: "host/authentication",
      nowhere: "host/unreachable",
    } as const;
    for (const [name, code] of Object.entries(codes)) await assert.rejects(other(name).stat("~"), problem(code));
    assert.equal(readFileSync(empty, "utf8"), "");
    await assert.rejects(createSsh({ destination: "box", program: join(local, "no-ssh") }).stat("~"), problem("host/unreachable"));
  });

  test("a host without Python, and one with an old one", async (t) => {
    const { sshd } = place;
    if (!sshd.user.made) return t.skip("needs a user whose start file may be changed");
    const bin = at("bin");
    mkdirSync(bin, { recursive: true });
    symlinkSync("/bin/sh", join(bin, "sh"));
    const rc = at(".bashrc");
    const before = readFileSync(rc, "utf8");
    writeFileSync(rc, `${before}PATH=${bin}\n`);
    try {
      await assert.rejects(other().stat("~"), problem("host/no-python"));
      const old = (name: string, body: string) => {
        writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
        chmodSync(join(bin, name), 0o755);
      };
      old("python3", "exit 1");
      await assert.rejects(other().stat("~"), problem("host/old-python"));
      // One beside it that is new enough is found.
      symlinkSync(realpathSync("/usr/bin/python3"), join(bin, "python3.9"));
      const transport = other();
      assert.equal((await transport.stat("~"))?.kind, "folder");
      await transport.close();
    } finally {
      writeFileSync(rc, before);
    }
  });

  test("what cannot be ended is reported, and nobody claims that it was", async (t) => {
    const { sshd, transport } = place;
    if (!sshd.user.made) return t.skip("only root can make a process that its user may not end");
    // A copy of Python that becomes root: the job's user may not signal it.
    const rooted = at("rooted");
    copyFileSync(realpathSync("/usr/bin/python3"), rooted);
    chownSync(rooted, 0, 0);
    chmodSync(rooted, 0o4755);
    const script = "import os,time; os.setresuid(0, 0, 0); open('pids', 'w').write(str(os.getpid())); time.sleep(300)";
    // A process of the job, and the job itself.
    for (const argv of [
      ["sh", "-c", `${rooted} -c "${script}" & wait`],
      [rooted, "-c", script],
    ]) {
      const directory = await newJob();
      await transport.spawn(directory, { run: "a", argv });
      const pid = await until(async () => {
        const file = join(directory, "pids");
        return existsSync(file) ? Number(readFileSync(file, "utf8")) : null;
      }, "the process of root");
      try {
        const report = await transport.cancel(directory, 0.2);
        assert.deepEqual(report.survivors, [{ pid, name: "rooted" }]);
        assert.deepEqual(report.exit?.survivors, report.survivors);
        assert.equal((await jobState(directory)).state, "failed");
        await assert.rejects(transport.spawn(directory, { run: "b", argv: ["true"] }), problem("job/busy"));
      } finally {
        process.kill(pid, "SIGKILL");
      }
      assert.deepEqual((await transport.cancel(directory, 0.2)).survivors, []);
      await transport.spawn(directory, { run: "b", argv: ["true"] });
      assert.equal((await ended(transport, directory)).exit?.code, 0);
    }
  });
});

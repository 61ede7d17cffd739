import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { AppError, type ErrorCode } from "#protocol/errors.ts";
import { ExitFile, StartedFile } from "#protocol/files/job.ts";
import { processIdentity } from "../../server/src/hosts/process-identity.ts";
import type { RunSpec } from "../../server/src/hosts/transport.ts";
import { jobState } from "../../server/src/jobs/state.ts";
import { ended, herePlace, type Place, sshPlace, text, until } from "./places.ts";
import { withoutSshd } from "./sshd.ts";

/** What every transport keeps, whatever lies behind it. */
const PLACES: [string, string | false, () => Promise<Place>][] = [
  ["here", process.platform === "win32" && "jobs of the worker do not run on Windows itself", async () => herePlace()],
  ["ssh", withoutSshd, sshPlace],
];

const problem = (code: ErrorCode) => (error: unknown) => {
  assert.ok(error instanceof AppError, String(error));
  assert.equal(error.problem.code, code, error.message);
  return true;
};

/** Two processes that hear no TERM and left session and parent, one of them without the job's environment; then the job itself. */
const STUBBORN = `
trap '' TERM
loop='trap "" TERM; echo $$ >> pids; while :; do sleep 1; done'
setsid sh -c "$loop" &
(env -i PATH="$PATH" setsid sh -c "$loop" &)
echo $$ >> pids
while :; do sleep 1; done`;

for (const [kind, skip, make] of PLACES)
  describe(kind, { skip }, () => {
    let place: Place;
    const local = mkdtempSync(join(tmpdir(), "jiuzhang-contract-"));
    before(async () => {
      place = await make();
    });
    after(async () => {
      await place?.remove();
      rmSync(local, { recursive: true, force: true });
    });
    const host = () => place.transport;
    const at = (name: string) => join(place.folder, name);
    let jobs = 0;
    const newJob = async (folder = place.folder) => {
      const directory = join(folder, `job ${++jobs}`);
      assert.equal(await host().mkdirExclusive(directory, { "job.json": '{"owner": "us"}' }), true);
      return directory;
    };
    const shell = (script: string, more: Partial<RunSpec> = {}): RunSpec => ({ run: "first", argv: ["sh", "-c", script], ...more });
    const pidsOf = (directory: string, count: number) =>
      until(async () => {
        const file = join(directory, "pids");
        const pids = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map(Number) : [];
        return pids.length === count ? pids : null;
      }, `${count} processes in ${directory}`);
    const goneOf = async (pids: number[]) => (await Promise.all(pids.map((pid) => processIdentity(pid)))).filter((one) => one !== null);
    /** A run whose supervisor was killed right after it had claimed the job, as the one of run 1 was killed. */
    const claimFor = async (directory: string, run: string) => {
      const first = JSON.parse(text(await host().read(join(directory, "runs/1/run.json"), 0, 10_000)));
      const claimed = JSON.stringify({ ...first, run, cookie: randomBytes(16).toString("hex") });
      assert.equal(await host().mkdirExclusive(join(directory, "runs/2"), { "run.json": claimed }), true);
    };
    /** Leaves `bytes` on the small disk. */
    const fill = (folder: string, bytes: number) => {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(join(folder, "ballast"), Buffer.alloc(bavail * bsize - bytes));
    };

    test("a program: what it is given and what it says, byte for byte; its code is its own", async () => {
      const bytes = randomBytes(300_000);
      const echoed = await host().exec(["sh", "-c", "cat; printf oh >&2; exit 255"], { stdin: bytes });
      assert.deepEqual(
        { ...echoed, stdout: echoed.stdout.length, stderr: text(echoed.stderr) },
        { code: 255, signal: null, timedOut: false, stdout: bytes.length, stderr: "oh" },
      );
      assert.ok(bytes.equals(echoed.stdout));
      const killed = await host().exec(["sh", "-c", "kill -9 $$"]);
      assert.deepEqual([killed.code, killed.signal], [null, "SIGKILL"]);
      const told = await host().exec(["sh", "-c", 'pwd; printf %s "$WORD"; printf %s "$1"', "sh", "a 'b' \"c\" $d"], {
        cwd: place.folder,
        env: { WORD: "x\ny" },
      });
      assert.equal(text(told.stdout), `${place.folder}\nx\nya 'b' "c" $d`);
      await assert.rejects(host().exec(["no-such-program-at-all"]), problem("usage/not-found"));
    });

    test("a program that takes too long is killed with its group", async () => {
      const late = await host().exec(["sh", "-c", "echo $$; sleep 60 & sleep 60"], { timeout: 300 });
      assert.equal(late.timedOut, true);
      assert.equal(late.code, null);
      assert.deepEqual(await goneOf([Number(text(late.stdout))]), []);
      // What left its session holds the pipes open and is not waited for.
      const left = await host().exec(["sh", "-c", "setsid sleep 20 & echo $!; sleep 60"], { timeout: 300 });
      assert.deepEqual([left.timedOut, left.code, left.signal], [true, null, "SIGKILL"]);
      process.kill(Number(text(left.stdout)), "SIGKILL");
    });

    test("files: whole writes, reads by offset and beyond the end, lists, removal", async () => {
      const file = at("ä b/file");
      assert.equal(await host().stat(file), null);
      await assert.rejects(host().read(file, 0, 1), problem("usage/not-found"));
      await host().makeFolder(at("ä b/inner"));
      await host().writeWhole(file, "one");
      await host().writeWhole(file, "0123456789");
      const read = async (offset: number, length: number) => text(await host().read(file, offset, length));
      assert.deepEqual(await Promise.all([read(0, 4), read(4, 100), read(10, 5), read(1000, 5), read(3, 0)]), [
        "0123",
        "456789",
        "",
        "",
        "",
      ]);
      const found = await host().stat(file);
      assert.deepEqual([found?.kind, found?.bytes], ["file", 10]);
      assert.deepEqual(
        (await host().list(at("ä b"))).map(({ name, kind, bytes }) => [name, kind, kind === "file" ? bytes : 0]),
        [
          ["file", "file", 10],
          ["inner", "folder", 0],
        ],
      );
      await host().writeWhole(file, new Uint8Array(0));
      assert.equal((await host().stat(file))?.bytes, 0);
      await host().remove(at("ä b"));
      await host().remove(at("ä b"));
      assert.equal(await host().stat(at("ä b")), null);
      await assert.rejects(host().list(at("ä b")), problem("usage/not-found"));
    });

    test("a folder is made by one of many, with its files in it; what is there is left alone", async () => {
      const folder = at("claimed");
      const made = await Promise.all(
        Array.from({ length: 8 }, (_, i) => host().mkdirExclusive(folder, { "job.json": `{"owner":${i}}`, other: "x" })),
      );
      assert.equal(made.filter(Boolean).length, 1);
      assert.equal(text(await host().read(join(folder, "job.json"), 0, 100)), `{"owner":${made.indexOf(true)}}`);
      assert.equal(await host().mkdirExclusive(folder), false);
      await host().makeFolder(at("empty"));
      assert.equal(await host().mkdirExclusive(at("empty"), { "job.json": "{}" }), false);
      assert.equal(await host().mkdirExclusive(at("bare")), true);
      assert.equal(await host().mkdirExclusive(at("bare")), false);
      assert.deepEqual(
        (await host().list(place.folder)).filter(({ name }) => name.startsWith(".new")),
        [],
      );
    });

    test("files go there and come back the same, the empty one, too", async () => {
      for (const bytes of [randomBytes(9_500_000), Buffer.alloc(0)]) {
        const sha256 = createHash("sha256").update(bytes).digest("hex");
        const [from, back] = [join(local, "from"), join(local, "back")];
        writeFileSync(from, bytes);
        assert.deepEqual(await host().upload(from, at("sent")), { bytes: bytes.length, sha256, sent: bytes.length });
        const fetched = await host().download(at("sent"), back);
        assert.deepEqual([fetched.sha256, fetched.bytes], [sha256, bytes.length]);
        assert.ok(bytes.equals(readFileSync(back)));
      }
      assert.deepEqual(
        (await host().list(place.folder)).filter(({ name }) => /part|tmp/.test(name)),
        [],
      );
      await assert.rejects(host().download(at("nothing"), join(local, "x")), problem("usage/not-found"));
    });

    test("a full disk is an error, and no file is torn or empty by it", async (t) => {
      if ("none" in place.small) return t.skip(place.small.none);
      const { folder } = place.small;
      await host().writeWhole(join(folder, "kept"), "before");
      fill(folder, 8192);
      await assert.rejects(host().writeWhole(join(folder, "kept"), randomBytes(100_000)), problem("host/disk-full"));
      await assert.rejects(host().mkdirExclusive(join(folder, "new"), { "job.json": randomBytes(100_000) }), problem("host/disk-full"));
      assert.equal(text(await host().read(join(folder, "kept"), 0, 100)), "before");
      assert.deepEqual(
        (await host().list(folder)).map(({ name }) => name),
        ["ballast", "kept"],
      );
      rmSync(join(folder, "ballast"));
    });

    test("what may not be written is said", async (t) => {
      if (kind === "here" && process.getuid?.() === 0) return t.skip("root may write everywhere");
      await assert.rejects(host().writeWhole("/etc/jiuzhang-must-not-be", "x"), problem("host/permission"));
    });

    test("a job runs once however often it is asked for, and says how it ended", async () => {
      const directory = await newJob();
      const spec = shell('echo run >> runs.txt; printf "%s" "$SECRET"; echo err >&2; while [ ! -e go ]; do sleep 0.05; done; exit 7', {
        env: { SECRET: "s3cret" },
      });
      const answers = await Promise.all(Array.from({ length: 4 }, () => host().spawn(directory, spec)));
      assert.deepEqual(answers.map(({ state }) => state).sort(), ["started", "there", "there", "there"]);
      assert.equal(new Set(answers.map(({ pid }) => pid)).size, 1);
      const sight = await host().observe(directory);
      assert.equal(StartedFile.parse(sight.started).pid, answers[0]?.pid);
      assert.deepEqual([sight.alive, sight.exit, sight.run], [true, null, "first"]);
      // Who looks with Node's eyes sees the same process.
      const { started: _, run: token, ...identity } = StartedFile.parse(sight.started);
      assert.deepEqual([await processIdentity(identity.pid), token], [identity, "first"]);
      assert.equal((await jobState(directory)).state, "running");
      await assert.rejects(host().spawn(directory, { ...spec, run: "second" }), problem("job/busy"));
      assert.ok(!text((await host().exec(["ps", "-eo", "args"])).stdout).includes("s3cret"));
      await host().writeWhole(join(directory, "go"), "");
      const over = await ended(host(), directory);
      assert.deepEqual({ ...ExitFile.parse(over.exit), ended: "" }, { code: 7, signal: null, ended: "", run: "first" });
      assert.equal((await host().spawn(directory, spec)).alive, false);
      assert.equal(text(await host().read(join(directory, "runs.txt"), 0, 100)), "run\n");
      assert.equal(text(await host().read(join(directory, "stdout.log"), 0, 100)), "s3cret");
      await host().spawn(directory, { ...spec, run: "second" });
      await until(async () => text(await host().read(join(directory, "runs.txt"), 0, 100)) === "run\nrun\n" || null, "the second run");
      assert.equal((await ended(host(), directory)).run, "second");
    });

    test("a program that is not there, a directory that is not there", async () => {
      const directory = await newJob();
      await assert.rejects(host().spawn(directory, { run: "a", argv: [join(directory, "no-such")] }), problem("host/not-started"));
      assert.equal((await ended(host(), directory)).exit?.code, 127);
      await assert.rejects(host().spawn(at("no such job"), shell("true")), problem("usage/not-found"));
      assert.equal((await host().cancel(await newJob(), 1)).state, "none");
    });

    test("a log read by offset while it is written is the log", async () => {
      const directory = await newJob();
      const script = "import os,sys\nfor i in range(3000): os.write(1, (('line %d ' % i) * (1 + i % 40) + chr(10)).encode())";
      await host().spawn(directory, { run: "a", argv: ["python3", "-c", script] });
      const pieces: Uint8Array[] = [];
      let offset = 0;
      for (let over = false; ; ) {
        const piece = await host().read(join(directory, "stdout.log"), offset, 10_007);
        pieces.push(piece);
        offset += piece.length;
        if (piece.length === 0 && over) break;
        over = (await host().observe(directory)).exit !== null;
      }
      const wanted = Array.from({ length: 3000 }, (_, i) => `${`line ${i} `.repeat(1 + (i % 40))}\n`).join("");
      assert.equal(Buffer.concat(pieces).toString(), wanted);
    });

    test("cancel asks, waits, and then ends a tree that hears nothing, whatever it made of itself", async () => {
      const directory = await newJob();
      await host().spawn(directory, shell(STUBBORN));
      const pids = await pidsOf(directory, 3);
      const report = await host().cancel(directory, 0.3);
      assert.equal(report.state, "ended");
      assert.deepEqual(report.survivors, []);
      assert.deepEqual(
        { ...ExitFile.parse(report.exit), ended: "" },
        {
          code: null,
          signal: "SIGKILL",
          ended: "",
          cancelled: true,
          run: "first",
        },
      );
      assert.deepEqual(await goneOf(pids), []);
      assert.deepEqual((await host().cancel(directory, 0.3)).exit, report.exit);
    });

    test("who obeys ends with a code of its own", async () => {
      const directory = await newJob();
      await host().spawn(directory, shell("trap 'echo saved; exit 75' TERM; echo $$ >> pids; while :; do sleep 0.05; done"));
      await pidsOf(directory, 1);
      const report = await host().cancel(directory, 30);
      assert.equal(ExitFile.parse(report.exit).code, 75);
      assert.equal(text(await host().read(join(directory, "stdout.log"), 0, 100)), "saved\n");
    });

    test("a file is enough to ask, for who shares the folder and cannot signal", async () => {
      const directory = await newJob();
      await host().spawn(directory, shell("trap 'exit 75' TERM; echo $$ >> pids; while :; do sleep 0.05; done"));
      await pidsOf(directory, 1);
      await host().writeWhole(join(directory, "stop"), '{"grace": 20}');
      assert.equal((await ended(host(), directory)).exit?.code, 75);
    });

    test("what a job leaves behind ends with it", async () => {
      const directory = await newJob();
      await host().spawn(directory, shell("setsid sh -c 'echo $$ >> pids; sleep 60' & while [ ! -s pids ]; do sleep 0.02; done; exit 0"));
      const over = await ended(host(), directory);
      assert.equal(over.exit?.code, 0);
      assert.deepEqual(await goneOf(await pidsOf(directory, 1)), []);
    });

    test("a supervisor that is killed takes the job along, and a cancel finds the rest by its cookie", {
      skip: process.platform !== "linux" && "needs /proc",
    }, async () => {
      const directory = await newJob();
      const { pid } = await host().spawn(
        directory,
        shell("setsid sh -c 'trap \"\" TERM; echo $$ >> pids; while :; do sleep 1; done' & echo $$ >> pids; sleep 60"),
      );
      const pids = await pidsOf(directory, 2);
      assert.equal((await host().exec(["kill", "-9", String(pid)])).code, 0);
      await until(async () => (await host().observe(directory)).alive === false, "the supervisor's end");
      assert.equal((await host().observe(directory)).exit, null);
      const report = await host().cancel(directory, 0.2);
      assert.deepEqual([report.state, report.exit, report.survivors], ["swept", null, []]);
      assert.deepEqual(await goneOf(pids), []);
      // Nobody said how it ended: it may be started again.
      await host().spawn(directory, shell("exit 3", { run: "second" }));
      assert.equal((await ended(host(), directory)).exit?.code, 3);
    });

    test("a run takes nothing from the run before it where it ended before it began, and may be asked for again", async () => {
      const directory = await newJob();
      await host().spawn(directory, shell("exit 0"));
      await ended(host(), directory);
      await claimFor(directory, "second");
      const sight = await host().observe(directory);
      assert.deepEqual([sight.run, sight.started?.run, sight.alive, sight.exit], ["second", "second", false, null]);
      assert.equal((await host().cancel(directory, 0.2)).exit, null);
      assert.equal((await host().spawn(directory, shell("exit 4", { run: "second" }))).state, "started");
      const over = await ended(host(), directory);
      assert.deepEqual([over.exit?.code, over.exit?.run], [4, "second"]);
      assert.equal((await host().spawn(directory, shell("exit 4", { run: "second" }))).state, "there");
    });

    test("what a run has left is ended before the next one begins, and by a cancel of any later one", {
      skip: process.platform !== "linux" && "needs /proc",
    }, async () => {
      for (const next of ["start", "cancel"]) {
        const directory = await newJob();
        const { pid } = await host().spawn(
          directory,
          shell("setsid sh -c 'trap \"\" TERM; echo $$ >> pids; while :; do sleep 1; done' & wait"),
        );
        const pids = await pidsOf(directory, 1);
        await host().exec(["kill", "-9", String(pid)]);
        await until(async () => (await host().observe(directory)).alive === false, "the supervisor's end");
        assert.equal((await goneOf(pids)).length, 1);
        if (next === "start") {
          // Who has ended may wait for whoever collects its status.
          const looks = `case "$(cut -d' ' -f3 /proc/${pids[0]}/stat 2>/dev/null)" in ''|Z|X) exit 0;; *) exit 9;; esac`;
          await host().spawn(directory, shell(looks, { run: "second" }));
          assert.equal((await ended(host(), directory)).exit?.code, 0);
        } else {
          await claimFor(directory, "second");
          assert.deepEqual((await host().cancel(directory, 0.2)).survivors, []);
        }
        assert.deepEqual(await goneOf(pids), []);
      }
    });

    test("what a job of another machine could not end is passed on", async () => {
      const directory = await newJob();
      const run = { host: "another", pid: 1, process_start: "1", boot_id: "b", started: "2026-01-01T00:00:00.000Z", run: "a", cookie: "c" };
      const survivors = [{ pid: 7, name: "python3" }];
      const exit = { code: null, signal: "SIGKILL", ended: run.started, cancelled: true, survivors, run: "a" };
      await host().mkdirExclusive(join(directory, "runs/1"), { "run.json": JSON.stringify(run) });
      await host().writeWhole(join(directory, "exit.json"), JSON.stringify(exit));
      assert.deepEqual(await host().cancel(directory, 0.2), { state: "ended", host: "another", exit, survivors });
    });

    test("a signal without a name is told", { skip: process.platform !== "linux" && "needs real-time signals" }, async () => {
      const directory = await newJob();
      await host().spawn(directory, shell("kill -40 $$"));
      assert.deepEqual((await ended(host(), directory)).exit?.signal, "SIG40");
      if (kind === "ssh") assert.equal((await host().exec(["sh", "-c", "kill -40 $$"])).signal, "SIG40");
    });

    test("a supervisor that cannot go on ends the job and says so", async () => {
      const directory = await newJob();
      await host().spawn(directory, shell("setsid sh -c 'echo $$ >> pids; sleep 60' & echo $$ >> pids; sleep 60"));
      const pids = await pidsOf(directory, 2);
      // It wants to read a file there.
      await host().makeFolder(join(directory, "stop"));
      assert.equal(ExitFile.parse((await ended(host(), directory)).exit).signal, "SIGKILL");
      assert.deepEqual(await goneOf(pids), []);
      assert.match(text(await host().read(join(directory, "supervisor.log"), 0, 10_000)), /IsADirectoryError/);
    });

    test("a PID namespace holds everything, even where the supervisor is killed", async (t) => {
      const directory = await newJob();
      const script = `echo $$ > inner; printf "%s" "$0"; trap 'exit 75' TERM; while [ ! -e go ]; do sleep 0.05; done; kill -9 $$`;
      const { namespace } = await host().spawn(directory, { run: "a", argv: ["sh", "-c", script], namespace: true });
      if (namespace !== true) return t.skip("PID namespaces are not allowed here");
      await host().writeWhole(join(directory, "go"), "");
      assert.deepEqual(
        { ...ExitFile.parse((await ended(host(), directory)).exit), ended: "" },
        { code: null, signal: "SIGKILL", ended: "", run: "a" },
      );
      assert.equal(text(await host().read(join(directory, "stdout.log"), 0, 10)), "sh");
      const polite = await newJob();
      await host().spawn(polite, {
        run: "a",
        argv: ["sh", "-c", "trap 'exit 75' TERM; echo > ready; while :; do sleep 0.05; done"],
        namespace: true,
      });
      await until(() => host().stat(join(polite, "ready")), "the job");
      assert.equal((await host().cancel(polite, 30)).exit?.code, 75);
      const stubborn = await newJob();
      const { pid } = await host().spawn(stubborn, { run: "a", argv: ["sh", "-c", STUBBORN], namespace: true });
      await pidsOf(stubborn, 3);
      // Their pids are those of the namespace: outside they are found by the folder in which they stand.
      const seen = async () =>
        text(
          (await host().exec(["sh", "-c", `for p in /proc/[0-9]*; do readlink $p/cwd; done 2>/dev/null | grep -c "$0"`, stubborn])).stdout,
        ).trim();
      assert.notEqual(await seen(), "0");
      assert.equal((await host().exec(["kill", "-9", String(pid)])).code, 0);
      await until(async () => (await seen()) === "0", "the end of all");
      const missing = await newJob();
      await assert.rejects(host().spawn(missing, { run: "a", argv: ["no-such-program"], namespace: true }), problem("host/not-started"));
    });

    test("a disk that the job has filled keeps room for how it ended", async (t) => {
      if ("none" in place.small) return t.skip(place.small.none);
      const { folder } = place.small;
      const directory = await newJob(folder);
      await host().spawn(directory, shell("cat /dev/zero; echo full >&2; exit 3"));
      const over = await ended(host(), directory);
      assert.equal(ExitFile.parse(over.exit).code, 3);
      await host().remove(directory);
    });

    test("a job that finds no room is not started, and says so", async (t) => {
      if ("none" in place.small) return t.skip(place.small.none);
      const { folder } = place.small;
      const directory = await newJob(folder);
      fill(folder, 16_384);
      await assert.rejects(host().spawn(directory, shell("echo ran > ran")), problem("host/disk-full"));
      rmSync(join(folder, "ballast"));
      assert.equal(await host().stat(join(directory, "ran")), null);
      await host().spawn(directory, shell("exit 0", { run: "second" }));
      assert.equal((await ended(host(), directory)).exit?.code, 0);
      await host().remove(directory);
    });
  });

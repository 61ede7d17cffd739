import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { AppError } from "#protocol/errors.ts";
import { openConnection } from "../../server/src/hosts/ssh-connection.ts";

const folder = mkdtempSync(join(tmpdir(), "jiuzhang-connection-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("the end of ssh is heard although what it left behind holds its pipes", {
  skip: process.platform === "win32" && "the stand-in is a shell script",
  timeout: 30_000,
}, async () => {
  const [program, pid] = [join(folder, "ssh"), join(folder, "pid")];
  writeFileSync(program, `#!/bin/sh\nsleep 600 </dev/null &\necho $! > ${pid}\necho "ssh: Could not resolve hostname box" >&2\nexit 255\n`);
  chmodSync(program, 0o755);
  try {
    await assert.rejects(openConnection({ destination: "box", program }), (error) => {
      assert.ok(error instanceof AppError);
      assert.equal(error.problem.code, "host/unreachable");
      assert.match(error.message, /There is no host named box/);
      return true;
    });
  } finally {
    process.kill(Number(readFileSync(pid, "utf8")), "SIGKILL");
  }
});

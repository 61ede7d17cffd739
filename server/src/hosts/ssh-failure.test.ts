import assert from "node:assert/strict";
import { test } from "node:test";
import { explainSsh, NO_PYTHON, OLD_PYTHON } from "./ssh-failure.ts";

const codeOf = (stderr: string, code: number | null = 255) => explainSsh("box", { code, stderr }).problem.code;

test("what ssh says when it fails, as OpenSSH words it", () => {
  const changed = `@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@
Offending ED25519 key in /home/ada/.ssh/known_hosts:3
Host key for box has changed and you have requested strict checking.
Host key verification failed.`;
  assert.equal(codeOf(changed), "host/changed-key");
  assert.equal(
    codeOf("No ED25519 host key is known for box and you have requested strict checking.\r\nHost key verification failed.\r\n"),
    "host/unknown-key",
  );
  assert.equal(codeOf("ada@box: Permission denied (publickey,password)."), "host/authentication");
  assert.equal(codeOf("Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures"), "host/authentication");
  assert.equal(codeOf("ssh: Could not resolve hostname box: Name or service not known"), "host/unreachable");
  for (const said of ["Connection refused", "Connection timed out", "No route to host", "Network is unreachable"])
    assert.equal(codeOf(`ssh: connect to host box port 22: ${said}`), "host/unreachable");
  assert.equal(codeOf("kex_exchange_identification: read: Connection reset by peer"), "host/unreachable");
  assert.equal(codeOf("/home/ada/.ssh/config: line 3: Bad configuration option: foo"), "host/failed");
  assert.equal(codeOf("", null), "host/unreachable");
  assert.equal(codeOf("", NO_PYTHON), "host/no-python");
  assert.equal(codeOf("", OLD_PYTHON), "host/old-python");
  assert.equal(codeOf("Traceback: …", 1), "host/failed");
});

test("every one says what to do, and carries ssh's own words", () => {
  const { message, remedy, data } = explainSsh("box", {
    code: 255,
    stderr: "banner\nssh: connect to host box port 22: Connection refused\n",
  }).problem;
  assert.match(message, /^box is not reached: ssh: connect to host box port 22: Connection refused$/);
  assert.match(remedy ?? "", /ssh box/);
  assert.deepEqual(data, { host: "box", exit: 255, said: "ssh: connect to host box port 22: Connection refused" });
});

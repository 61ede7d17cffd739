import assert from "node:assert/strict";
import { test } from "node:test";
import { checkHost } from "../../server/src/recipe/host.ts";

test("a host's name is what ssh takes and nothing that a shell would run", () => {
  for (const ssh of ["gpu-box", "me@10.0.0.7", "me@[fe80::1%eth0]", "ssh://me@box:2222", "a.b_c+d"])
    assert.deepEqual(checkHost("box", { ssh }), [], ssh);
  for (const ssh of [
    "-oProxyCommand=x",
    "a;b",
    "$(reboot)",
    "a`b`",
    "a|b",
    "a b",
    "a\nb",
    "a\n",
    "../x",
    "ssh://-x",
    "file://box",
    "a'b",
    "a&b",
  ]) {
    const [finding] = checkHost("box", { ssh });
    assert.match(finding?.message ?? "", /“ssh” must be one word/, ssh);
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { commandWords, findHolder } from "./lock-holder.ts";

const LOCKS = `1: POSIX  ADVISORY  WRITE 716 fe:00:2147395 1073741824 1073742335
1: -> POSIX  ADVISORY  WRITE 900 fe:00:2146947 120 120
2: POSIX  ADVISORY  READ 700 fe:00:2146947 124 124
3: FLOCK  ADVISORY  WRITE 701 fe:00:2146947 0 EOF
4: POSIX  ADVISORY  WRITE 1309 fe:00:2146947 120 120
5: POSIX  ADVISORY  WRITE 44 00:19:55 0 EOF
`;

test("the holder of a byte is told, and who only waits or reads is not", () => {
  assert.equal(findHolder(LOCKS, 2146947n, 120), 1309);
  assert.equal(findHolder(LOCKS, 2146947n, 124), null);
  assert.equal(findHolder(LOCKS, 55n, 120), 44);
  assert.equal(findHolder(LOCKS, 1n, 120), null);
  assert.equal(findHolder("", 1n, 0), null);
});

test("a command is named as people know it, without folders", () => {
  assert.equal(
    commandWords(["/usr/bin/node", "/opt/x/dist/server/cli.js", "import", "/home/ada/a.jsonl", "--dataset", "a"]),
    "jiuzhang import a.jsonl --dataset a",
  );
  assert.equal(commandWords(["/usr/lib/code", "/ext/dist/server/main.js", "--node-ipc"]), "JiuZhang in another window");
  assert.equal(commandWords(["sqlite3", "/home/ada/p/.jiuzhang/corpus.db"]), "sqlite3 corpus.db");
  assert.equal(commandWords([]), null);
});

import { join } from "node:path";
import { openWriter } from "../../server/src/store/open.ts";
import type { OpContext } from "../../server/src/store/ops.ts";
import type { Sql } from "../../server/src/store/sql.ts";

/** An operation's context in a process without threads. */
export function contextOfProgram(project: string): OpContext {
  const path = join(project, ".jiuzhang", "corpus.db");
  let open: Sql | null = null;
  return {
    get sql() {
      open ??= openWriter(path);
      return open;
    },
    release() {
      open?.close();
      open = null;
    },
    path,
    project,
    progress() {},
    signal: new AbortController().signal,
  };
}

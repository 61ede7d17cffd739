import type { OpContext } from "../store/ops.ts";
import { catchUp } from "./catch-up.ts";
import { type ImportArgs, importFile } from "./import-file.ts";
import { ingestJob, type RuleOf } from "./ingest-job.ts";
import { rebuild } from "./rebuild.ts";

/** The writer thread's operations of this room. `ruleOf` reads the parse rule from a template's source. */
export const ingestOps = (ruleOf: RuleOf) => ({
  importFile: (context: OpContext, args: ImportArgs) => importFile(context, args),
  ingestJob: (context: OpContext, { dir, live = false }: { dir: string; live?: boolean }) => ingestJob(context, dir, ruleOf, { live }),
  catchUp: (context: OpContext, _: object | null) => catchUp(context, ruleOf),
  rebuild: (context: OpContext, _: object | null) => rebuild(context, ruleOf),
});

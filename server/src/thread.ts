import { corpusReads, corpusWrites } from "./corpus/ops.ts";
import { seedLine } from "./corpus/seed-line.ts";
import { ingestOps } from "./ingest/ops.ts";
import { labelOps } from "./labels/ops.ts";
import { parseTemplate } from "./prompty/template.ts";
import { serveThread } from "./store/serve.ts";
import type { Store } from "./store/threads.ts";

/** The entry of every store thread: what the writer and the readers can be asked for, by room. */
const rule = (source: string) => parseTemplate(source).profile.parse;
const write = { ...ingestOps(rule), ...labelOps, ...corpusWrites };
const read = corpusReads({ rule, seedLine });

export type WriteOps = typeof write;
export type ReadOps = typeof read;

/** The index of one project, as everything outside its threads sees it. */
export type CorpusStore = Store<WriteOps, ReadOps>;

serveThread({ write, read, short: Object.keys(labelOps) });

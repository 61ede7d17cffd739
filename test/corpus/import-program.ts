import { importFile } from "../../server/src/ingest/import-file.ts";
import { rebuild } from "../../server/src/ingest/rebuild.ts";
import { contextOfProgram } from "./program-context.ts";

/** Imports a file, or rebuilds the index, in a process of its own that a test can kill: `PROJECT import FILE` or `PROJECT rebuild`. */
const [project = "", verb, file = ""] = process.argv.slice(2);
const context = contextOfProgram(project);
if (verb === "rebuild") await rebuild(context, () => ({ form: "sections", problem: "## Problem", solution: "## Solution", answer: "any" }));
else console.log(JSON.stringify(await importFile(context, { file, dataset: "set", transactionRows: 40 })));
context.release();

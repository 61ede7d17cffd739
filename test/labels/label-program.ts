import { changeRows } from "../../server/src/labels/change.ts";
import { contextOfProgram } from "../corpus/program-context.ts";

/** Labels the rows named, one after the other and five times, as the same person as every other run of it. */
const [project = "", label, ...rows] = process.argv.slice(2);
const context = contextOfProgram(project);
for (let round = 0; round < 5; round++)
  for (const row of rows)
    await changeRows(context, {
      person: "Ada",
      wanted: { kind: "label", rows: [row], label: label === "keep" ? "keep" : "reject", why: null },
    });
context.release();

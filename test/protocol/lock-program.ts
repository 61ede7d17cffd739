import { DatabaseSync } from "node:sqlite";

/** Holds the write lock of the index named until it is killed. */
const database = new DatabaseSync(process.argv[2] ?? "");
database.exec("BEGIN IMMEDIATE");
process.stdout.write("locked\n");
setInterval(() => database.prepare("SELECT 1").get(), 60_000);

import { spawnDetached } from "../../server/src/hosts/here.ts";

/** Starts `send` as the program does, says its pid and ends before it. */
const [sendFile = "", directory = ""] = process.argv.slice(2);
const { pid } = await spawnDetached({ command: process.execPath, args: [sendFile, directory], directory });
process.stdout.write(String(pid));

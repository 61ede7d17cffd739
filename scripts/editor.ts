/**
 * `npm run editor`: a real VS Code in the browser, with the extension in it, on the sample project. `npm run editor -- FOLDER` opens
 * another folder. Ctrl+C ends everything.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join, relative, resolve } from "node:path";
import { createSample } from "../server/src/project/sample.ts";
import { CODE_SERVER_VERSION, installCodeServer } from "./code-server.ts";
import { installExtensions, QUIET_SETTINGS, serveEditor } from "./editor-server.ts";
import { packageExtension } from "./package.ts";
import { root } from "./root.ts";
import { done, style } from "./steps.ts";

/** The browser keeps what belongs to an address: the same one again finds layout and keys of the last time. */
const PORT = 43_217;

const home = join(root, "dist", "editor");
const given = process.argv[2];
const folder = given === undefined ? join(root, "sample") : resolve(process.env.INIT_CWD ?? ".", given);
if (given !== undefined && !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
  console.error(`${folder} is not a folder. Name one that exists, or none for the sample project.`);
  process.exit(2);
}

console.log();
let began = Date.now();
const build = spawnSync(process.execPath, [join(root, "scripts", "build.ts"), "--quiet"], { cwd: root, stdio: "inherit" });
if (build.status !== 0) process.exit(build.status ?? 1);
done("build", "server, client and panels", Date.now() - began);

began = Date.now();
const { file, size } = await packageExtension();
done("package", `${relative(root, file)} (${(size / 1e6).toFixed(1)} MB)`, Date.now() - began);

if (given === undefined) {
  const created = await createSample(folder, { sample: join(root, "media", "sample"), prompts: join(root, "prompts") });
  // The panels have something to show from the first moment on; a file that was imported before adds nothing.
  const seeds = ["import", join(folder, "data", "seeds.jsonl"), "--dataset", "seeds", "--project", folder];
  spawnSync(process.execPath, [join(root, "dist", "server", "cli.js"), ...seeds], { stdio: ["ignore", "ignore", "inherit"] });
  done("project", created ? "./sample: seeds, templates, jiuzhang.yaml" : "./sample is there already");
}

began = Date.now();
const entry = await installCodeServer((line) => console.log(style("dim", `  … ${line}`))).catch((error: Error) => {
  console.error(`${error.message}\nCheck that npm reaches its registry (npm ping), then run the same command again.`);
  return process.exit(1);
});
mkdirSync(home, { recursive: true });
const extensionsDir = join(home, "extensions");
installExtensions(entry, extensionsDir, home, [file]);
const server = await serveEditor({ entry, home, extensionsDir, settings: QUIET_SETTINGS, port: (await isFree(PORT)) ? PORT : 0 });
done("editor", `VS Code in the browser (code-server ${CODE_SERVER_VERSION})`, Date.now() - began);

const url = `${server.url}?folder=${encodeURIComponent(folder)}`;
const opened = openBrowser(url);
console.log(`\n  ${style("bold", opened ? "Opened" : "Open")}  ${style("cyan", url)}`);
console.log(style("dim", "  Begin with the counting rods in the activity bar. Ctrl+C ends the editor; jobs that run go on.\n"));

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void server.close());
const [code, ended] = await once(server.process, "exit");
if (ended === null && code !== 0) console.error(`VS Code ended with exit ${code}:\n${server.said()}`);
process.exitCode = ended === null ? code : 0;

/** Whether there is a screen, and with it somebody's browser. */
function openBrowser(address: string): boolean {
  const command = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }[process.platform as string] ?? ["xdg-open"];
  if (command[0] === "xdg-open" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return false;
  const [program = "", ...args] = command;
  const child = spawn(program, [...args, address], { stdio: "ignore", detached: true });
  // Without such a program the address on the screen must do.
  child.on("error", () => {});
  child.unref();
  return true;
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    await new Promise<void>((free, taken) => probe.once("error", taken).listen(port, "127.0.0.1", free));
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}

/** Bundles each process of the server into one file under dist/server; the native module stays outside. */
import { readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { root } from "./root.ts";
import "./schemas.ts";

const began = performance.now();
const outdir = join(root, "dist", "server");
const result = await build({
  absWorkingDir: root,
  entryPoints: {
    cli: "server/src/cli.ts",
    send: "server/src/send.ts",
    thread: "server/src/thread.ts",
    engine: "server/src/engine/main.ts",
  },
  outdir,
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: ["better-sqlite3", "node-llama-cpp"],
  sourcemap: true,
  metafile: true,
  logLevel: "warning",
  // Dependencies in CommonJS call require; an ES module has none of its own.
  banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
});
// Only afterwards, and only what is no longer built: a job that runs may still have to load a part.
const built = new Set(Object.keys(result.metafile.outputs).map((file) => basename(file)));
for (const file of readdirSync(outdir)) if (!built.has(file)) rmSync(join(outdir, file), { force: true, recursive: true });
const bytes = Object.values(result.metafile.outputs).reduce((sum, file) => sum + file.bytes, 0);
if (!process.argv.includes("--quiet"))
  console.log(`Built dist/server (${(bytes / 1e6).toFixed(1)} MB with maps) in ${((performance.now() - began) / 1000).toFixed(1)} s`);

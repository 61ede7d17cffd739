/** Bundles what runs: the server's processes, the extension's client, and the webviews. The native module stays outside. */
import { readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { root } from "./root.ts";
import "./manifest.ts";
import "./schemas.ts";

const began = performance.now();
const common = { absWorkingDir: root, bundle: true, sourcemap: true, metafile: true, logLevel: "warning" } satisfies BuildOptions;

/** Older font formats serve browsers that no editor runs in. The codicons have no newer one. */
const newestFonts: Plugin = {
  name: "newest-fonts",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/KaTeX_.*\.(?:ttf|woff)$/ }, ({ path }) => ({ path, namespace: "older-font" }));
    onLoad({ filter: /.*/, namespace: "older-font" }, () => ({ contents: "", loader: "empty" }));
  },
};

const parts: Record<string, BuildOptions> = {
  server: {
    entryPoints: {
      main: "server/src/main.ts",
      cli: "server/src/cli.ts",
      send: "server/src/send.ts",
      thread: "server/src/thread.ts",
      runner: "server/src/runner.ts",
      tokenizer: "server/src/tokenizer.ts",
      engine: "server/src/engine/main.ts",
    },
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["better-sqlite3", "node-llama-cpp"],
    // Dependencies in CommonJS call require; an ES module has none of its own.
    banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
  },
  client: {
    entryPoints: { extension: "client/src/extension.ts", "language-client": "client/src/server/language-client.ts" },
    outExtension: { ".js": ".cjs" },
    // The editor reads the whole file before it activates us: what is not needed then lies in a file of its own.
    plugins: [ownFile("language-client")],
    supported: { "dynamic-import": false },
    platform: "node",
    format: "cjs",
    target: "node22",
    external: ["vscode"],
    minify: true,
  },
  webview: {
    entryPoints: { preview: "webview/src/preview/main.ts", corpus: "webview/src/corpus/main.ts" },
    splitting: true,
    platform: "browser",
    format: "esm",
    target: "chrome128",
    minify: true,
    plugins: [newestFonts],
    loader: { ".woff2": "file", ".ttf": "file" },
    assetNames: "fonts/[name]",
  },
};

/** Leaves what is imported dynamically by this name to a bundle of its own. */
function ownFile(name: string): Plugin {
  return {
    name: "own-file",
    setup({ onResolve }) {
      onResolve({ filter: new RegExp(`/${name}\\.ts$`) }, ({ kind }) =>
        kind === "dynamic-import" ? { path: `./${name}.cjs`, external: true } : undefined,
      );
    },
  };
}

let bytes = 0;
await Promise.all(
  Object.entries(parts).map(async ([part, options]) => {
    const outdir = join(root, "dist", part);
    const result = await build({ ...common, ...options, outdir });
    const outputs = result.metafile?.outputs ?? {};
    // Only afterwards, and only what is no longer built: a job that runs may still have to load a part.
    const built = new Set(Object.keys(outputs).map((file) => relative(outdir, join(root, file))));
    for (const file of readdirSync(outdir, { recursive: true, withFileTypes: true })) {
      const path = join(file.parentPath, file.name);
      if (file.isFile() && !built.has(relative(outdir, path))) rmSync(path, { force: true });
    }
    for (const output of Object.values(outputs)) bytes += output.bytes;
  }),
);
if (!process.argv.includes("--quiet"))
  console.log(`Built dist (${(bytes / 1e6).toFixed(1)} MB with maps) in ${((performance.now() - began) / 1000).toFixed(1)} s`);

/** Formats and repairs what the linter can repair. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./root.ts";

const { status } = spawnSync(
  process.execPath,
  [join(root, "node_modules", "@biomejs", "biome", "bin", "biome"), "check", "--write", root],
  { cwd: root, stdio: "inherit" },
);
process.exitCode = status ?? 1;

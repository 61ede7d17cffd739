/** Types, style and room rules. `npm run fmt` repairs what can be repaired. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./root.ts";

const bin = (name: string) => join(root, "node_modules", name);
const steps: [string, string[]][] = [
  ["types", [bin("typescript/bin/tsc"), "-p", root]],
  ["types of the webviews", [bin("typescript/bin/tsc"), "-p", join(root, "webview")]],
  ["ids and tables from package.json", [join(root, "scripts", "manifest.ts"), "--check"]],
  ["published schemas", [join(root, "scripts", "schemas.ts"), "--check"]],
  ["style and rooms", [bin("@biomejs/biome/bin/biome"), "ci", "--error-on-warnings", root]],
];
let failed = 0;
for (const [name, argv] of steps) {
  const { status } = spawnSync(process.execPath, argv, { cwd: root, stdio: "inherit" });
  console.log(`${status === 0 ? "✓" : "✗"} ${name}`);
  if (status !== 0) failed++;
}
process.exitCode = failed === 0 ? 0 : 1;

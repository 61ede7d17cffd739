import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The licences of the packages that are inside the bundles (as their source maps say) or lie beside them, each with its text, as
 * these licences ask.
 */
export function thirdPartyNotices(root: string, beside: readonly string[]): string {
  const names = new Set(beside);
  for (const file of globSync("dist/{server,client,webview}/**/*.map", { cwd: root }))
    for (const source of (JSON.parse(readFileSync(join(root, file), "utf8")) as { sources: string[] }).sources) {
      // A package may itself be a bundle of others, which are not installed: its own licence speaks for them.
      const name = [...source.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)\//g)]
        .map(([, found]) => found)
        .findLast((found) => found !== undefined && existsSync(join(root, "node_modules", found)));
      if (name !== undefined) names.add(name);
    }
  const parts = [...names].sort().map((name) => notice(join(root, "node_modules", name)));
  return `This extension contains the following packages, each under its own licence.\n\n${parts.join("\n")}`;
}

function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, string>;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? `Licence: ${license}` : readFileSync(join(folder, file), "utf8").trim();
  return `${"-".repeat(80)}\n${name} ${version}\n\n${text}\n`;
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { root } from "../../scripts/root.ts";

/** What axe finds wrong in the document that the element is in: one line each. */
export async function violationsOf(body: Locator): Promise<string[]> {
  const source = readFileSync(join(root, "node_modules", "axe-core", "axe.min.js"), "utf8");
  return await body.evaluate(async (_, source) => {
    // biome-ignore lint/security/noGlobalEval: the checker is our own dependency, run in a test's page.
    globalThis.eval(source);
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  }, source);
}

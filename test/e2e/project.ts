import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { root } from "../../scripts/root.ts";
import { createSample } from "../../server/src/project/sample.ts";

const made: string[] = [];

// Registered here, not where a project is made: in a hook, it would run when that hook ends.
after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** An empty folder, gone after the test file. */
export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "jz-project-"));
  made.push(folder);
  return folder;
}

/** A fresh sample project, gone after the test file. */
export async function sampleProject(): Promise<string> {
  const project = join(emptyFolder(), "sample");
  await createSample(project, { sample: join(root, "media", "sample"), prompts: join(root, "prompts") });
  return project;
}

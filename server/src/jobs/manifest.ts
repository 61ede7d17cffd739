import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { basename, join } from "node:path";
import type { ManifestFile } from "#protocol/files/job.ts";
import { replaceFile } from "../files/durable.ts";
import { JOB, shardFiles } from "./layout.ts";

/** Writes `out/manifest.json` over the response shards: every request has its answer. */
export async function writeManifest(dir: string): Promise<void> {
  const files: ManifestFile["files"] = [];
  for (const path of shardFiles(dir, "responses")) {
    const hash = createHash("sha256");
    let bytes = 0;
    let rows = 0;
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) rows++;
    }
    files.push({ path: basename(path), sha256: hash.digest("hex"), bytes, rows });
  }
  const manifest: ManifestFile = { version: 1, files };
  replaceFile(join(dir, JOB.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
}

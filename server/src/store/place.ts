import { createHash } from "node:crypto";
import { statfs } from "node:fs/promises";
import { join, resolve } from "node:path";

/**
 * File systems without the shared memory that a write-ahead log needs, by the `f_type` that statfs(2) reports:
 * NFS, SMB, CIFS, SMB2, Lustre, sshfs and other FUSE, GPFS, BeeGFS, Ceph, 9p, AFS.
 */
const NETWORK = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x0bd00bd0, 0x65735546, 0x47504653, 0x19830326, 0x00c36400, 0x01021997, 0x5346414f,
]);

/** Where the index of a project lies: inside it, or in the user's cache where the project is on a network file system. */
export function indexPath({ projectDir, fsType, cacheDir }: { projectDir: string; fsType: number | null; cacheDir: string }): string {
  // statfs gives some types as negative 32-bit numbers.
  if (fsType === null || !NETWORK.has(fsType >>> 0)) return join(projectDir, ".jiuzhang", "corpus.db");
  const name = createHash("sha256").update(resolve(projectDir)).digest("hex").slice(0, 32);
  return join(cacheDir, "index", name, "corpus.db");
}

/** The index of the project at `projectDir`, which must exist. */
export async function locateIndex(projectDir: string, cacheDir: string): Promise<string> {
  const { type } = await statfs(projectDir);
  return indexPath({ projectDir, fsType: Number(type), cacheDir });
}

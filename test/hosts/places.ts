import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHere } from "../../server/src/hosts/here-transport.ts";
import { createSsh } from "../../server/src/hosts/ssh-transport.ts";
import type { JobSight, Transport } from "../../server/src/hosts/transport.ts";
import { type Sshd, startSshd } from "./sshd.ts";

/** A transport under test and a folder at its far end, which is on this machine, too, so that tests can look. */
export interface Place {
  transport: Transport;
  folder: string;
  /** A folder on a very small disk, or why there is none. */
  small: { folder: string } | { none: string };
  remove(): Promise<void>;
}

export function herePlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), "jiuzhang-here-"));
  const disk = smallDisk(folder, null);
  const transport = createHere();
  return {
    transport,
    folder,
    small: disk.small,
    async remove() {
      await transport.close();
      disk.remove();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

export async function sshPlace(): Promise<Place & { sshd: Sshd }> {
  const sshd = await startSshd();
  const disk = smallDisk(sshd.home, sshd.user);
  const transport = createSsh({ destination: sshd.destination, program: sshd.program, delays: [50, 100, 200, 400, 800, 1600, 3200, 6400] });
  return {
    transport,
    sshd,
    folder: sshd.home,
    small: disk.small,
    async remove() {
      await transport.close();
      disk.remove();
      await sshd.remove();
    },
  };
}

function smallDisk(parent: string, owner: { uid: number; gid: number } | null) {
  const folder = join(parent, "small-disk");
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return { small: { none: "only root on Linux may mount a small disk" }, remove() {} };
  mkdirSync(folder);
  try {
    const options = `size=1m${owner === null ? "" : `,uid=${owner.uid},gid=${owner.gid}`}`;
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { stdio: "pipe" });
  } catch (error) {
    return { small: { none: `a small disk cannot be mounted here: ${(error as Error).message.split("\n").at(-1)}` }, remove() {} };
  }
  if (owner !== null) chownSync(folder, owner.uid, owner.gid);
  return { small: { folder }, remove: () => void execFileSync("umount", ["-l", folder]) };
}

/** Waits for what nobody tells: a state at the far end. */
export async function until<T>(look: () => Promise<T | null | undefined | false>, what: string): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The job's exit, once its supervisor has said its last word. */
export const ended = (transport: Transport, directory: string): Promise<JobSight> =>
  until(async () => {
    const sight = await transport.observe(directory);
    return sight.alive === false && sight.exit !== null ? sight : null;
  }, `the end of ${directory}`);

export const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

import type { Problem } from "#protocol/errors.ts";

/** Documents that the server can work with: files on this machine's disk, and ones that were never saved. */
export const DOCUMENT_SCHEMES: readonly string[] = ["file", "untitled"];

/** What to say of a document of another kind: one of a repository on the web, a comparison, an archive. Null for one that we can read. */
export function foreignDocument({ scheme }: { scheme: string }): Problem | null {
  if (DOCUMENT_SCHEMES.includes(scheme)) return null;
  return {
    code: "usage/invalid-argument",
    message: `This document is no file on a disk of this machine, but of the kind “${scheme}”`,
    remedy: "Save a copy in a folder of this machine and open that.",
  };
}

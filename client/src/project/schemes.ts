/** Documents that the server can work with: files on this machine's disk, and ones that were never saved. */
export const DOCUMENT_SCHEMES: readonly string[] = ["file", "untitled"];

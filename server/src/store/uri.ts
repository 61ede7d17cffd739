import { pathToFileURL } from "node:url";

/** SQLite's URI of a file that nobody can change while we read it. */
export const fileUri = (path: string): string => `${pathToFileURL(path).href}?immutable=1`;

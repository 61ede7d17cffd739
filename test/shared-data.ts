import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Folder of the public data that tests read in place, or null where it does not lie beside the checkout. */
export const sharedDataDir: string | null =
  [process.env.JIUZHANG_SHARED_DATA, join(root, "..", "shared", "data")].find(
    (dir): dir is string => dir !== undefined && existsSync(dir),
  ) ?? null;

/** The reason to skip a test that needs the shared data, or false. */
export const withoutSharedData: string | false =
  sharedDataDir === null ? "the shared data folder does not lie beside the checkout (set JIUZHANG_SHARED_DATA)" : false;

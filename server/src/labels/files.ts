import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Where people's labels, edits and deletions lie: beside the recipe, meant for git. */
export const labelsDir = (project: string): string => join(project, "labels");

const ENDING = ".jsonl";
const MOST_CHARACTERS = 60;

/** Names that Windows keeps for devices, whatever comes after a dot. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/;

/**
 * The name under which a person's file lies, safe on every file system: lower case (some cannot tell cases apart), with everything but
 * letters, digits, `_`, `-` and `.` as `-`.
 */
export function personName(person: string): string {
  const safe = [
    ...person
      .normalize("NFC")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_.-]+/gu, "-"),
  ]
    .slice(0, MOST_CHARACTERS)
    .join("");
  const name = safe.replace(/^[-.]+|[-.]+$/g, "");
  if (name !== "" && !DEVICE.test(name)) return name;
  return `person-${createHash("sha256").update(person).digest("hex").slice(0, 6)}`;
}

/** The file of a person, by the name that `personName` gives. */
export const labelsFile = (project: string, name: string): string => join(labelsDir(project), `${name}${ENDING}`);

/** How problems and people name that file. */
export const labelsPath = (name: string): string => `labels/${name}${ENDING}`;

/** The names of everybody who has a file, in one order everywhere. */
export function people(project: string): string[] {
  try {
    return readdirSync(labelsDir(project))
      .filter((name) => name.endsWith(ENDING) && name.length > ENDING.length)
      .map((name) => name.slice(0, -ENDING.length))
      .sort();
  } catch (thrown) {
    if (["ENOENT", "ENOTDIR"].includes((thrown as NodeJS.ErrnoException).code ?? "")) return [];
    throw thrown;
  }
}

import { createHash, randomBytes } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ImportReport } from "#protocol/corpus.ts";
import { fail, type Problem } from "#protocol/errors.ts";
import { ImportFile } from "#protocol/files/imports.ts";
import { CHUNK_CHARACTERS } from "#protocol/limits.ts";
import { crashPoint } from "../files/crash-point.ts";
import { replaceFile } from "../files/durable.ts";
import { ensureDataFolder, projectPath } from "../project/root.ts";
import type { OpContext } from "../store/ops.ts";
import type { Sql } from "../store/sql.ts";
import { ingestImport } from "./ingest-import.ts";
import { formatOf, inspect } from "./inspect.ts";
import { importsDir } from "./layout.ts";
import { checkDatasetName, MOST_PROBLEMS } from "./registry.ts";

export interface ImportArgs {
  /** Absolute path. */
  file: string;
  dataset: string;
  /** How the file is named, where `file` is only a copy of what was meant. */
  name?: string;
  /** The lines of the file so named in which its only row was selected. */
  selection?: NonNullable<ImportFile["selection"]>;
  /** For rows that name none. What is left out is as an earlier import of the same file into the dataset had it. */
  license?: string | null;
  stage?: string | null;
  /** Characters per chunk of a text; left out as the two above. */
  chunk?: number;
  /** Rows per transaction, where the usual number is too many (for tests). */
  transactionRows?: number;
}

/** An unfinished copy of a killed import is removed when it is as old as this. */
const LEFTOVER_MILLISECONDS = 60 * 60 * 1000;

/**
 * Takes a file into the project and its rows into a dataset. The same file again adds nothing; after a kill the same call goes on.
 * @throws import/…, usage/invalid-argument, index/…, io/…
 */
export async function importFile(context: OpContext, args: ImportArgs): Promise<ImportReport> {
  const { project, sql } = context;
  checkDatasetName(args.dataset);
  const name = args.name ?? projectPath(project, args.file);
  const format = formatOf(args.file);
  await refuseUnreadable(args.file, name);
  const { kind } = await inspect(args.file, format, name);
  const known = sql.prepare("SELECT kind FROM dataset WHERE name = ?").get<{ kind: string }>(args.dataset)?.kind ?? kind;
  if (known !== kind)
    throw fail("usage/invalid-argument", `“${args.dataset}” is a dataset of ${known}s, and the file holds ${kind}s`, {
      where: { file: name },
      remedy: "Import it into another dataset.",
    });
  await ensureDataFolder(project);
  const { sha256, bytes } = await keepCopy(project, args.file);
  const { dataset, license = null, stage = null } = args;
  const chunk = format === "markdown" || format === "text" ? { chunk: args.chunk ?? CHUNK_CHARACTERS } : {};
  const imported = new Date().toISOString();
  const about = await declare(
    project,
    {
      version: 1,
      file: name,
      sha256,
      bytes,
      dataset,
      kind,
      format,
      ...chunk,
      license,
      stage,
      imported,
      ...(args.selection === undefined ? {} : { selection: args.selection }),
    },
    args,
  );
  crashPoint("import declared");
  const before = stateOf(sql, about);
  const state = await ingestImport(context, about, args.transactionRows).catch((thrown) => {
    if (context.signal.aborted) stopAt(project, about, stateOf(sql, about)?.position ?? 0);
    throw thrown;
  });
  const again = before?.done === 1;
  const problems = sql
    .prepare("SELECT problem FROM problem WHERE file = ? ORDER BY line LIMIT ?")
    .all<{ problem: string }>(state.n, MOST_PROBLEMS);
  return {
    file: name,
    sha256,
    dataset,
    format,
    rows: again ? 0 : state.rows,
    duplicates: state.duplicates + (again ? state.rows : 0),
    rejected: state.rejected,
    problems: problems.map(({ problem }) => JSON.parse(problem) as Problem),
  };
}

async function refuseUnreadable(file: string, name: string): Promise<void> {
  try {
    if ((await stat(file)).isFile()) return;
  } catch (thrown) {
    throw fail("import/unreadable", `The file cannot be read: ${(thrown as Error).message}`, {
      where: { file: name },
      remedy: "Check the path and its permissions.",
      cause: thrown,
    });
  }
  throw fail("import/unreadable", "This is not a file", {
    where: { file: name },
    remedy: "Name the files themselves, for instance DIR/*.jsonl.",
  });
}

/** Copies the file into the project (sharing its blocks where the file system can) and hashes the copy, which nobody else changes. */
async function keepCopy(project: string, file: string): Promise<{ sha256: string; bytes: number }> {
  const root = importsDir(project);
  await mkdir(root, { recursive: true });
  await removeLeftovers(root);
  const partial = join(root, `${randomBytes(6).toString("hex")}.tmp`);
  try {
    await copyFile(file, partial, constants.COPYFILE_FICLONE);
    const hash = createHash("sha256");
    // One waits for the disk, the other for the processor.
    await Promise.all([sync(partial), pipeline(createReadStream(partial, { highWaterMark: 1024 * 1024 }), hash)]);
    crashPoint("import copied");
    const sha256 = hash.digest("hex");
    const { size: bytes } = await stat(partial);
    await mkdir(join(root, sha256), { recursive: true });
    const data = join(root, sha256, "data");
    if ((await stat(data).catch(() => null))?.size !== bytes) await rename(partial, data);
    crashPoint("import renamed");
    return { sha256, bytes };
  } finally {
    await rm(partial, { force: true });
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, "r+");
  await file.sync().finally(() => file.close());
}

async function removeLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.endsWith(".tmp")) continue;
    // Another process may just have put its copy in place.
    const age = Date.now() - ((await stat(join(root, name)).catch(() => null))?.mtimeMs ?? Date.now());
    if (age > LEFTOVER_MILLISECONDS) await rm(join(root, name), { force: true });
  }
}

/** Writes what the import is, or returns what an earlier one of the same file and dataset wrote. */
async function declare(project: string, about: ImportFile, given: Pick<ImportArgs, "license" | "stage" | "chunk">): Promise<ImportFile> {
  const there = await readImport(declaration(project, about));
  if (there === null) {
    write(project, about);
    return about;
  }
  for (const option of ["license", "stage", "chunk", "kind", "format"] as const) {
    const asked = option === "kind" || option === "format" || given[option] !== undefined;
    if (!asked || there[option] === about[option]) continue;
    throw fail("usage/invalid-argument", `This file is in “${about.dataset}” already, with ${option} ${there[option] ?? "not given"}`, {
      where: { file: about.file },
      remedy: `Import it with the same ${option}, or into another dataset.`,
    });
  }
  if (there.until === undefined) return there;
  const { until: _, ...whole } = there;
  write(project, whole);
  return whole;
}

const declaration = (project: string, { sha256, dataset }: ImportFile): string =>
  join(importsDir(project), sha256, `import-${dataset}.json`);

const write = (project: string, about: ImportFile): void => replaceFile(declaration(project, about), `${JSON.stringify(about, null, 2)}\n`);

/** Whoever cancels an import wants it to stay as it is: what is taken in later from the project's files ends there, too. */
const stopAt = (project: string, about: ImportFile, until: number): void => write(project, { ...about, until });

/** How far the index has read the import's file. */
const stateOf = (sql: Sql, { sha256, dataset }: ImportFile): { position: number; done: number } | undefined =>
  sql
    .prepare(
      `SELECT file.position AS position, file.done AS done FROM file JOIN origin ON origin.n = file.origin
       JOIN dataset ON dataset.n = origin.dataset WHERE origin.kind = 'import' AND origin.name = ? AND dataset.name = ?`,
    )
    .get(sha256, dataset);

/** Reads one `import-<dataset>.json`; null where there is none. @throws import/unreadable */
export async function readImport(path: string): Promise<ImportFile | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw thrown;
  }
  try {
    return ImportFile.parse(JSON.parse(text));
  } catch (thrown) {
    throw fail("import/unreadable", "The description of an import is damaged", {
      where: { file: path },
      remedy: "Delete it and import the file again.",
      cause: thrown,
    });
  }
}

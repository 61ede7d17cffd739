import type { Problem } from "#protocol/errors.ts";
import { formatProblem } from "#protocol/errors.ts";
import { DROP_MAX_BYTES } from "#protocol/limits.ts";
import type { Imported } from "#protocol/panels.ts";
import { type Backend, problemOf } from "./backend.ts";
import type { Listing } from "./listing.ts";
import type { Notice, Notices } from "./notices.ts";
import { selectionOf } from "./view.ts";

/** What was dropped: a file with its bytes, or the address of one. */
export type Dropped = { name: string; size: number; bytes(): Promise<Uint8Array> } | { uri: string };

/** Rows that come in from files and go out to them. */
export interface Files {
  /** A drop is being imported: how many files are left. */
  readonly importing: number;
  importFiles(): Promise<void>;
  drop(files: readonly Dropped[]): Promise<void>;
  exportShown(): Promise<void>;
}

const NUMBERS = new Intl.NumberFormat("en-US");
const rowsOf = (count: number): string => `${NUMBERS.format(count)} ${count === 1 ? "row" : "rows"}`;

export function createFiles(options: { backend: Backend; listing: Listing; notices: Notices; onDone(): void; onChange(): void }): Files {
  const { backend, listing, notices, onDone, onChange } = options;
  let importing = 0;

  const opening = (file: string, line: number | null): Notice["actions"][number] => ({
    label: "Open",
    run: () => void backend.request("host/open", { file, line }).catch((thrown) => notices.fail(problemOf(thrown))),
  });

  const tell = ({ reports, failed }: Imported) => {
    const problems: Problem[] = [...failed, ...reports.flatMap((report) => report.problems)];
    const shown = problems.length > 0 ? [{ label: "What was wrong", run: () => list(problems) }] : [];
    const [first] = failed;
    if (reports.length === 0 && first !== undefined) return notices.fail(first, failed.length > 1 ? shown : []);
    const sum = (value: (report: Imported["reports"][number]) => number) => reports.reduce((all, report) => all + value(report), 0);
    const rejected = sum((report) => report.rejected);
    const words = [
      `${rowsOf(sum((report) => report.rows))} imported`,
      ...(sum((report) => report.duplicates) > 0 ? [`${NUMBERS.format(sum((report) => report.duplicates))} had been there before`] : []),
      ...(rejected > 0 ? [`${NUMBERS.format(rejected)} could not be read`] : []),
      ...(failed.length > 0 ? [`${failed.length} ${failed.length === 1 ? "file" : "files"} failed`] : []),
    ];
    notices.say(`${words.join(", ")}.`, shown);
  };
  const list = (problems: readonly Problem[]) =>
    void backend.request("host/document", { text: `${problems.map(formatProblem).join("\n")}\n`, language: "plaintext" });

  const importOne = async (dropped: Dropped) => {
    if ("uri" in dropped) return await backend.request("host/drop", { dataset: listing.view.dataset, file: dropped });
    // Said before the bytes are read, which would take the memory that the limit is there to save.
    if (dropped.size > DROP_MAX_BYTES) throw { problem: tooLarge(dropped.name, dropped.size) };
    const file = { name: dropped.name, bytes: await dropped.bytes() };
    return await backend.request("host/drop", { dataset: listing.view.dataset, file });
  };

  return {
    get importing() {
      return importing;
    },
    async importFiles() {
      try {
        const imported = await backend.request("host/import", { dataset: listing.view.dataset });
        if (imported === null) return;
        tell(imported);
        onDone();
      } catch (thrown) {
        notices.fail(problemOf(thrown));
      }
    },
    async drop(files) {
      const imported: Imported = { reports: [], failed: [] };
      importing += files.length;
      onChange();
      for (const file of files) {
        try {
          imported.reports.push(await importOne(file));
        } catch (thrown) {
          imported.failed.push(problemOf(thrown));
        }
        importing--;
        onChange();
      }
      tell(imported);
      onDone();
    },
    async exportShown() {
      const { dataset, where, search } = selectionOf(listing.view);
      try {
        const written = await backend.request("host/export", { dataset, where, search });
        if (written === null) return;
        const left = written.unparsed > 0 ? `, ${rowsOf(written.unparsed)} without a problem left out` : "";
        notices.say(`${rowsOf(written.rows)} exported to ${written.file}${left}.`, [opening(written.file, null)]);
      } catch (thrown) {
        notices.fail(problemOf(thrown));
      }
    },
  };
}

const tooLarge = (name: string, size: number): Problem => ({
  code: "import/unreadable",
  message: `This file has ${NUMBERS.format(Math.round(size / 1e6))} MB, and at most ${NUMBERS.format(Math.round(DROP_MAX_BYTES / 1e6))} MB can be dropped`,
  where: { file: name },
  remedy: "Import it by its name instead.",
});
